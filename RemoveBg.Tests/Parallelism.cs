// Only fixtures are marked as parallel that have hosts, browsers or processes of their own and mostly wait for them.
[assembly: LevelOfParallelism(4)]
