using RemoveBg.Core;
using RemoveBg.Core.Store;

namespace RemoveBg.SelfHost.Hosting;

/// <summary>Settings from the command line and the program's folder.</summary>
internal sealed record HostSettings
{
    /// <summary>The repository's folder, with models, node_modules and .local.</summary>
    public required string Root { get; init; }

    /// <summary>IP address to listen on.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>Port to listen on; 0 takes a free one.</summary>
    public int Port { get; init; } = 7071;

    /// <summary>Development or Production, as ASP.NET Core knows them.</summary>
    public string EnvironmentName { get; init; } = AmbientEnvironment;

    public static string AmbientEnvironment => NamedEnvironment ?? Environments.Production;

    private static string? NamedEnvironment => Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT")
        ?? Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT");

    public bool IsDevelopment => EnvironmentName == Environments.Development;

    public bool NoAzurite { get; init; }

    /// <summary>Whether the emulator saves to disk before each response.</summary>
    public bool IsDurable { get; init; }

    /// <summary>True runs the functions on a real Functions host, false in this process.</summary>
    public bool UsesFunctionsHost { get; init; }

    /// <summary>Role of this process; other processes on the same storage have the others.</summary>
    public ServiceRole Role { get; init; } = ServiceRole.All;

    /// <summary>Name of the role on the command line; null takes the configured one.</summary>
    public string? RoleName { get; init; }

    /// <summary>Whether models are never downloaded.</summary>
    public bool Offline { get; init; }

    /// <summary>Name of the model; null takes the configured one, else auto.</summary>
    public string? Model { get; init; }

    public string AzuriteFolder => Path.Combine(LocalFolder, "azurite");

    /// <summary>Output folder of RemoveBg.Functions, built with this program's configuration and framework.</summary>
    public string FunctionsFolder
    {
        get
        {
            var output = new DirectoryInfo(AppContext.BaseDirectory);
            return Path.Combine(Root, "RemoveBg.Functions", "bin", output.Parent?.Name ?? "", output.Name);
        }
    }

    /// <summary>Folder for keys, secrets and the emulator's data: of the clone, or of the user where there is
    /// none.</summary>
    public string LocalFolder => File.Exists(Path.Combine(Root, Solution)) ? Path.Combine(Root, ".local")
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData,
            Environment.SpecialFolderOption.DoNotVerify), "removebg");

    private const string Solution = "RemoveBg.sln";

    /// <summary>Makes the folder of the emulator's data and of the development key.</summary>
    /// <exception cref="UserException">It cannot be written.</exception>
    public void PrepareLocalFolder()
    {
        try
        {
            WholeFile.Prepare(LocalFolder);
            Directory.CreateDirectory(AzuriteFolder);
        }
        catch (Exception problem) when (FileProblem.Is(problem))
        {
            throw new UserException($"the folder {LocalFolder} for keys and storage cannot be written: "
                + $"{FileProblem.Reason(problem, LocalFolder)}. Set XDG_DATA_HOME to another folder, or "
                + $"{StorageClients.ConnectionName} to other storage.");
        }
    }

    /// <summary>Finds the folder that ./run gives, or the first one above the program with the solution; a container
    /// and an installed tool have neither.</summary>
    public static string FindRoot()
    {
        if (Environment.GetEnvironmentVariable("REMOVEBG_ROOT") is { Length: > 0 } named) return named;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, Solution))) return folder.FullName;
        return AppContext.BaseDirectory;
    }

    /// <summary>Returns the settings for development if the emulator must be started and the environment names no other
    /// kind: such storage is for development.</summary>
    /// <exception cref="UserException">--no-azurite is given without configured storage.</exception>
    public HostSettings WithKindOfEnvironment() =>
        NeedsAzurite() && NamedEnvironment is null ? this with { EnvironmentName = Environments.Development } : this;

    /// <summary>Returns the settings with the role that the command line names, or else the configuration.</summary>
    /// <exception cref="UserException">There is no such role.</exception>
    public HostSettings WithRole()
    {
        var name = RoleName ?? Configuration()[ServiceRole.Setting];
        return this with
        {
            Role = ServiceRole.Find(name) ?? throw new UserException(ServiceRole.Refusal(ServiceRole.Variable, name!)),
        };
    }

    /// <summary>The settings that are read before there is a host.</summary>
    public static IConfigurationRoot Configuration() => new ConfigurationBuilder().SetBasePath(AppContext.BaseDirectory)
        .AddJsonFile("appsettings.json").AddEnvironmentVariables().Build();

    /// <summary>Whether the emulator must be started, because no storage is configured.</summary>
    /// <exception cref="UserException">There is no configured storage, but --no-azurite is given, or the role needs the
    /// storage of others.</exception>
    public bool NeedsAzurite()
    {
        if (IsStorageGiven) return false;
        if (NoAzurite) throw NeedsStorage("--no-azurite");
        if (Role != ServiceRole.All) throw NeedsStorage($"the role {Role.Name}");
        return true;
    }

    /// <summary>Whether storage is configured: by a connection string, or by addresses.</summary>
    public static bool IsStorageGiven =>
        new ConfigurationBuilder().AddEnvironmentVariables().Build().GetSection(StorageClients.ConnectionName)
            is var given && (!string.IsNullOrEmpty(given.Value) || given.GetChildren().Any());

    /// <summary>The error of a command that must not start an emulator.</summary>
    public static UserException NeedsStorage(string what) =>
        new($"{what} needs storage: set {StorageClients.ConnectionName} to a connection string "
            + "(UseDevelopmentStorage=true for an Azurite on its usual ports).");

    /// <summary>Folders with models: REMOVEBG_MODELS, then the repository's, then one next to the repository.</summary>
    public string ModelFolders() => string.Join(Path.PathSeparator,
    [
        .. (Environment.GetEnvironmentVariable("REMOVEBG_MODELS") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
        Path.Combine(Root, "models"),
        Path.Combine(AppContext.BaseDirectory, "models"),
        Path.GetFullPath(Path.Combine(Root, "..", "shared", "models")),
    ]);
}
