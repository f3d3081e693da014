namespace RemoveBg.SelfHost.Hosting;

/// <summary>What the command line and the place of the program say.</summary>
internal sealed record HostSettings
{
    /// <summary>The repository's folder: models, node_modules and .local lie there.</summary>
    public required string Root { get; init; }

    /// <summary>IP address to listen on.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>0 takes a free one.</summary>
    public int Port { get; init; } = 7071;

    /// <summary>Development or Production, as ASP.NET Core knows them.</summary>
    public string EnvironmentName { get; init; } = AmbientEnvironment;

    public static string AmbientEnvironment =>
        Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT")
            ?? Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") ?? Environments.Production;

    public bool IsDevelopment => EnvironmentName == Environments.Development;

    public bool NoAzurite { get; init; }

    /// <summary>True runs the functions on a real Functions host, false in this process.</summary>
    public bool UsesFunctionsHost { get; init; }

    /// <summary>False serves HTTP only: other processes on the same storage take the
    /// messages and run the timers.</summary>
    public bool TakesWork { get; init; } = true;

    /// <summary>Never ask the internet for networks.</summary>
    public bool Offline { get; init; }

    /// <summary>Null: as configured, else auto.</summary>
    public string? Model { get; init; }

    public string AzuriteFolder => Path.Combine(LocalFolder, "azurite");

    /// <summary>What was built of RemoveBg.Functions together with this program: same
    /// configuration, same framework.</summary>
    public string FunctionsFolder
    {
        get
        {
            var output = new DirectoryInfo(AppContext.BaseDirectory);
            return Path.Combine(Root, "RemoveBg.Functions", "bin", output.Parent?.Name ?? "", output.Name);
        }
    }

    public string LocalFolder => Path.Combine(Root, ".local");

    /// <summary>The folder that ./run names, or the first one above the program that has the
    /// solution; a container has neither.</summary>
    public static string FindRoot()
    {
        if (Environment.GetEnvironmentVariable("REMOVEBG_ROOT") is { Length: > 0 } named) return named;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "RemoveBg.sln"))) return folder.FullName;
        return AppContext.BaseDirectory;
    }

    /// <summary>Whether storage is ours to start: nobody has named one.</summary>
    /// <exception cref="UserException">--no-azurite, and nobody has.</exception>
    public bool NeedsAzurite()
    {
        var given = new ConfigurationBuilder().AddEnvironmentVariables().Build()
            .GetSection(Core.Store.StorageClients.ConnectionName);
        var isGiven = !string.IsNullOrEmpty(given.Value) || given.GetChildren().Any();
        if (NoAzurite && !isGiven)
            throw new UserException($"--no-azurite needs storage: set {given.Key} to a connection string "
                + $"(UseDevelopmentStorage=true for an Azurite on its usual ports).");
        return !isGiven;
    }

    /// <summary>Where networks are looked for: REMOVEBG_MODELS, then the repository, then what a
    /// developer keeps beside it.</summary>
    public string ModelFolders() => string.Join(Path.PathSeparator,
    [
        .. (Environment.GetEnvironmentVariable("REMOVEBG_MODELS") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
        Path.Combine(Root, "models"),
        Path.Combine(AppContext.BaseDirectory, "models"),
        Path.GetFullPath(Path.Combine(Root, "..", "shared", "models")),
    ]);
}
