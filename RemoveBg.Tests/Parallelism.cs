// Only fixtures that mostly wait are marked as parallel. More of them than cores, since they use little of one.
[assembly: LevelOfParallelism(4)]
