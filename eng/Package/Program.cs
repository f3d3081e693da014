using RemoveBg.Package;

// Describes a published folder. What is written depends on the folder and the packages alone: no time, no path, no
// random number, so that two builds of the same source give the same bytes.
try
{
    var options = Options.Parse(args);

    // 1. Find the origin of each file.
    var components = Published.Components(options);

    // 2. Add what the container's base image brings.
    if (options.BaseImageRoot is { } root)
        components.AddRange(BaseImage.Components(root, Path.Combine(options.Repository, "Dockerfile")));

    // 3. Write the descriptions into the folder.
    components.Sort((one, other) => string.CompareOrdinal(one.Reference, other.Reference));
    File.WriteAllText(Path.Combine(options.Folder, Published.SbomFile), CycloneDx.Write(options, components));
    File.WriteAllText(Path.Combine(options.Folder, Published.NoticesFile), Notices.Write(options, components));

    // 4. Zip all of it.
    if (options.Zip is { } zip) Zip.Write(options.Folder, zip);
    return 0;
}
catch (PackageException problem)
{
    // MSBuild shows a line of this form as an error of the build.
    Console.Error.WriteLine($"package : error PKG001: {problem.Message}");
    return 1;
}
