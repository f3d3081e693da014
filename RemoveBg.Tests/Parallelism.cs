// Fixtures run side by side: most wait for hosts, browsers and processes of their own. Those that look at the whole
// process, such as its memory, run alone and say so.
[assembly: Parallelizable(ParallelScope.Fixtures)]
[assembly: LevelOfParallelism(6)]
