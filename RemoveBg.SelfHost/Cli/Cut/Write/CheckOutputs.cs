using RemoveBg.SelfHost.Cli.Cut.Find;

namespace RemoveBg.SelfHost.Cli.Cut.Write;

/// <summary>A photo and the path of its result; null for standard output.</summary>
internal sealed record Assignment(Photo Photo, string? Output);

/// <summary>Finds, before the work, everything that would stop a result from being written.</summary>
internal static class CheckOutputs
{
    /// <param name="all">Photos and their results.</param>
    /// <param name="plan">The plan that gave the paths.</param>
    /// <param name="leaveExisting">Whether photos with a result are left out.</param>
    /// <param name="replace">Whether a result may replace a file.</param>
    /// <returns>The photos to cut out, and those that are left out.</returns>
    /// <exception cref="UserException">Two results have one path, a result is its own photo, exists, or cannot be
    /// written.</exception>
    public static (List<Assignment> Wanted, List<Assignment> Skipped) Run(IReadOnlyList<Assignment> all,
        OutputPlan plan, bool leaveExisting, bool replace)
    {
        if (plan.IsStandardOutput) return ([.. all], []);
        RequireDifferentPaths(all);
        RequireOtherFileThanPhoto(all);
        RequireWritable(all, plan);

        var existing = all.Where(it => Path.Exists(it.Output)).ToList();
        if (existing.Find(it => Directory.Exists(it.Output)) is { } folder)
            throw UserException.Usage($"{folder.Output} is a folder: name another result.");
        if (existing.Find(it => !leaveExisting && !ResultFile.IsReplaceable(it.Output!)) is { } special)
            throw UserException.Usage(
                $"{special.Output} is a device or a pipe, not a file: name another result, or - for standard output.");
        if (existing.Count > 0 && !replace && !leaveExisting) throw UserException.Usage(
            (existing.Count == 1 ? $"{existing[0].Output} exists."
                : $"{existing.Count} of {all.Count} results exist, such as {existing[0].Output}.")
            + " --force replaces, --skip-existing leaves out.");
        return leaveExisting ? ([.. all.Except(existing)], existing) : ([.. all], []);
    }

    private static void RequireDifferentPaths(IReadOnlyList<Assignment> all)
    {
        if (all.GroupBy(it => RealPath.Of(it.Output!), RealPath.Comparer)
            .FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw UserException.Usage($"{twice.First().Photo.Shown} and {twice.Skip(1).First().Photo.Shown} would both "
                + $"become {twice.First().Output}. Give a pattern with {{dir}} or {{folder}}.");
    }

    private static void RequireOtherFileThanPhoto(IReadOnlyList<Assignment> all)
    {
        if (all.FirstOrDefault(it => it.Photo.Kind == PhotoKind.File
            && RealPath.IsSame(it.Photo.Shown, it.Output!)) is { } same)
            throw UserException.Usage(
                $"{same.Photo.Shown} would be replaced by its own result: give another --output.");
    }

    private static void RequireWritable(IReadOnlyList<Assignment> all, OutputPlan plan)
    {
        // A folder that is part of one file's name may be a typing error; in a pattern it is meant.
        var create = plan.Folder is not null || plan.Pattern!.Contains("{name}", StringComparison.Ordinal);
        if (plan.Folder is not null && ResultFile.ProblemWith(plan.Folder, create) is { } wrong)
            throw UserException.Usage($"--output {plan.Folder}: {wrong}");
        foreach (var folder in all.Select(it => Path.GetDirectoryName(it.Output!) ?? "/").Distinct())
            if (ResultFile.ProblemWith(folder, create) is { } problem) throw UserException.Usage(
                $"--output {all.First(it => (Path.GetDirectoryName(it.Output!) ?? "/") == folder).Output}: {problem}");
    }
}
