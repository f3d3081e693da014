using System.Net;
using System.Net.Sockets;
using RemoveBg.Core;
using RemoveBg.Core.Access;
using RemoveBg.Core.Network;
using RemoveBg.Core.Segmentation;
using RemoveBg.Core.Store;
using RemoveBg.SelfHost.Cli.Networks;
using RemoveBg.SelfHost.Hosting;
using RemoveBg.SelfHost.Hosting.Development;
using Spectre.Console;

namespace RemoveBg.SelfHost.Cli.Serve;

/// <summary>Runs emulator, model and host until Ctrl-C.</summary>
internal sealed class ServeSession(HostSettings settings)
{
    private readonly IAnsiConsole _console = Terminal.Open();

    public static Task<int> RunAsync(HostSettings settings, CancellationToken cancellationToken) =>
        UserException.ShownAsync(async () =>
    {
        try
        {
            settings = settings.WithRole();
            if (settings.UsesFunctionsHost && settings.Role != ServiceRole.All) throw new UserException(
                $"--host func runs all functions: remove {ServiceRole.Variable}, which is {settings.Role.Name}.");
            var session = new ServeSession(settings.WithKindOfEnvironment());
            return settings.UsesFunctionsHost ? await session.ServeOnFunctionsHostAsync(cancellationToken)
                : await session.ServeAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Done;
        }
    });

    private async Task<int> ServeAsync(CancellationToken cancellationToken)
    {
        // 1. Choose the model, which may have to be downloaded; a taken port is noticed before that.
        RequireFreePort();
        var about = $"Role: {settings.Role.Name}";
        RequireLocalFolder();
        if (settings.Role.NeedsModel)
        {
            var (chooser, model) = await ChooseAsync(cancellationToken);
            about = settings.Role == ServiceRole.All ? chooser.Describe(model)
                : $"{about}\n{chooser.Describe(model)}";
        }

        // 2. Start the storage emulator unless storage is configured.
        await using var azurite = settings.NeedsAzurite() ? await Azurite.StartAsync(settings.Root,
            settings.AzuriteFolder, cancellationToken, settings.IsDurable) : null;

        // 3. Start the host.
        var secrets = settings.IsDevelopment
            ? await DevelopmentSecrets.LoadOrCreateAsync(settings.LocalFolder, cancellationToken) : null;
        await using var app = HostApp.Made(() => HostApp.Build(settings, azurite?.ConnectionString, secrets));
        try
        {
            await HostApp.StartAndWaitUntilReadyAsync(app, settings, secrets, cancellationToken);

            // 4. Serve until Ctrl-C, or until the emulator has gone, without which nothing works.
            await AnnounceAsync(app.Urls.First(), about, settings.Role.ServesHttp ? secrets : null);
            if (azurite is null) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            else await azurite.WaitForExitAsync(cancellationToken);
            await Console.Out.WriteLineAsync("Stopping; waiting for running jobs");
        }
        finally
        {
            await app.StopAsync(CancellationToken.None);
        }
        return ExitCodes.Done;
    }

    /// <exception cref="UserException">Another program listens on the port, this machine does not have the address, or
    /// its port needs rights that this user lacks.</exception>
    private void RequireFreePort()
    {
        using var socket = new TcpListener(IPAddress.Parse(settings.Address), settings.Port);
        try
        {
            socket.Start();
        }
        catch (SocketException problem) when (problem.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw HostApp.PortTaken(settings.Port);
        }
        catch (SocketException problem) when (problem.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            throw new UserException($"--listen: this machine does not have the address {settings.Address}. Choose one "
                + "of its own, 127.0.0.1 for this machine alone, or 0.0.0.0 for all of its IPv4 addresses.");
        }
        catch (SocketException problem) when (problem.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new UserException($"port {settings.Port} may not be used by this user: choose another one with "
                + "--port, such as 8080.");
        }
        catch (SocketException problem)
        {
            throw new UserException($"cannot listen on {settings.Address}, port {settings.Port}: {problem.Message}.");
        }
    }

    /// <summary>The emulator's data and the development key are stored there.</summary>
    /// <exception cref="UserException">It cannot be written.</exception>
    private void RequireLocalFolder()
    {
        if (settings.NeedsAzurite() || settings.IsDevelopment) settings.PrepareLocalFolder();
    }

    private async Task<(ChooseModel, FoundModel)> ChooseAsync(CancellationToken cancellationToken)
    {
        var options = new ModelOptions();
        HostSettings.Configuration().GetSection(ModelOptions.Section).Bind(options);
        options.Name = settings.Model ?? options.Name;
        options.Folders ??= settings.ModelFolders();
        var chooser = new ChooseModel(options, settings.LocalFolder, settings.Offline, ModelDownload.Create, _console,
            TimeProvider.System);
        return (chooser, await chooser.RunAsync(cancellationToken));
    }

    /// <summary>The same service on a real Functions host, as Azure runs it.</summary>
    private async Task<int> ServeOnFunctionsHostAsync(CancellationToken cancellationToken)
    {
        var func = FunctionsHost.Find();
        RequireLocalFolder();
        var (chooser, model) = await ChooseAsync(cancellationToken);
        await using var azurite = settings.NeedsAzurite()
            ? await Azurite.StartAsync(settings.Root, settings.AzuriteFolder, cancellationToken, settings.IsDurable)
            : null;
        var secrets = settings.IsDevelopment
            ? await DevelopmentSecrets.LoadOrCreateAsync(settings.LocalFolder, cancellationToken) : null;

        var given = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        var known = HostApp.Known(given, settings, azurite?.ConnectionString, secrets);
        // The worker does not read this program's appsettings.Development.json.
        if (settings.IsDevelopment)
            known.TryAdd($"{NetworkOptions.Section}:{nameof(NetworkOptions.AllowLoopbackForDevelopment)}",
                given[$"{NetworkOptions.Section}:{nameof(NetworkOptions.AllowLoopbackForDevelopment)}"] ?? "true");
        if (secrets is not null)
        {
            var storage = new StorageClients(
                new ConfigurationBuilder().AddConfiguration(given).AddInMemoryCollection(known).Build());
            await storage.Table("keys").CreateIfNotExistsAsync(cancellationToken);
            await secrets.RegisterAsync(new ApiKeyTable(storage, TimeProvider.System), cancellationToken);
        }

        await using var host =
            await FunctionsHost.StartAsync(func, settings.FunctionsFolder, settings.Port, known, cancellationToken);
        await AnnounceAsync(host.Url.GetLeftPart(UriPartial.Authority), chooser.Describe(model), secrets);
        return await host.WaitForExitAsync(cancellationToken);
    }

    private static async Task AnnounceAsync(string url, string about, DevelopmentSecrets? secrets)
    {
        await Console.Out.WriteLineAsync($"{about}\nREADY {url}");
        if (secrets is not null)
            await Console.Out.WriteLineAsync(
                $$"""
                Open {{url}} in a browser, {{url}}/docs for the API.
                Development key {{secrets.ApiKey}}, webhook secret {{secrets.WebhookSecret}}.
                For the examples of the documentation, in another terminal:

                export REMOVEBG_KEY={{secrets.ApiKey}}

                With curl, in the repository's folder:

                curl -s {{url}}/v2/artworks/remove-background -H 'Authorization: Bearer {{secrets.ApiKey}}' \
                  -H 'Prefer: wait=30' -F image=@samples/scene-toycar.jpg

                Ctrl-C stops it.
                """);
    }
}
