using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using RemoveBg.SelfHost.Hosting.Development;
using Spectre.Console;

namespace RemoveBg.Bench.Load;

/// <summary>Measures a service that has just started: how long it takes to be ready, and from the request to the result
/// of its first photos.</summary>
/// <param name="model">Name of the network.</param>
/// <param name="runs">Services to start, one after the other.</param>
internal sealed class StartBench(string model, int runs)
{
    private const int Photos = 4;

    public async Task<int> RunAsync(string? json, CancellationToken cancellationToken)
    {
        var times = new List<double[]>();
        var photo = await File.ReadAllBytesAsync(Path.Combine(Bench.Root, "samples", "scene-toycar.jpg"),
            cancellationToken);
        await using var source = await PhotoServer.StartAsync(photo, cancellationToken);
        for (var run = 0; run < runs; run++) times.Add(await StartAsync(source.Url, cancellationToken));

        string[] columns = ["READY", "first", "second", "third", "fourth"];
        var figures = columns.Select((_, i) => times.Select(run => run[i]).ToList()).ToList();
        Bench.Show(new Table().AddColumns([.. columns.Select(name => $"{name}, s")]).AddRow([.. figures.Select(it =>
            FormattableString.Invariant($"{Bench.Median(it):0.00} ({it.Min():0.00} to {it.Max():0.00})"))]));
        AnsiConsole.WriteLine($"Model {model}, {Environment.ProcessorCount} cores, 1280 x 854 pixels, median of {runs} "
            + "(least to most)");
        Bench.Write(json, new { model, runs = times });
        return 0;
    }

    /// <returns>Seconds from the start of the process to READY, and from each photo's request to its result.</returns>
    private async Task<double[]> StartAsync(string photo, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("removebg-start").FullName;
        await using var azurite = await Azurite.StartAsync(Bench.Root, data: null, cancellationToken);
        var began = Stopwatch.GetTimestamp();
        using var service = Launch(azurite.ConnectionString, folder);
        try
        {
            string? url = null, key = null;
            while (key is null)
            {
                var line = await service.StandardOutput.ReadLineAsync(cancellationToken)
                    ?? throw new InvalidOperationException("The service ended; its error is above.");
                if (line.StartsWith("READY ", StringComparison.Ordinal)) url = line["READY ".Length..];
                if (line.StartsWith("Development key ", StringComparison.Ordinal)) key = line.Split(' ', ',')[2];
            }
            var times = new double[1 + Photos];
            times[0] = Stopwatch.GetElapsedTime(began).TotalSeconds;
            _ = service.StandardOutput.ReadToEndAsync(cancellationToken);
            using var client = new HttpClient { BaseAddress = new(url!) };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
            for (var i = 1; i <= Photos; i++) times[i] = await CutOutAsync(client, photo, cancellationToken);
            return times;
        }
        finally
        {
            service.Kill();
            await service.WaitForExitAsync(CancellationToken.None);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<double> CutOutAsync(HttpClient client, string photo, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        using var content = new ByteArrayContent(LoadHost.Body(photo)) { Headers =
            { ContentType = new("application/json") } };
        using var posted = await client.PostAsync(new Uri("/v2/artworks/remove-background", UriKind.Relative), content,
            cancellationToken);
        posted.EnsureSuccessStatusCode();
        using var accepted = JsonDocument.Parse(await posted.Content.ReadAsStringAsync(cancellationToken));
        var id = accepted.RootElement.GetProperty("id").GetString();
        while (true)
        {
            using var found = JsonDocument.Parse(
                await client.GetStringAsync(new Uri($"/v2/artworks/{id}", UriKind.Relative), cancellationToken));
            var status = found.RootElement.GetProperty("status").GetString();
            if (status == "succeeded") return Stopwatch.GetElapsedTime(began).TotalSeconds;
            if (status == "failed") throw new InvalidOperationException($"The photo failed: {found.RootElement}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, cancellationToken);
        }
    }

    private Process Launch(string storage, string folder)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (var argument in new[] { Path.Combine(AppContext.BaseDirectory, "RemoveBg.SelfHost.dll"), "serve",
            "--port", "0", "--no-azurite", "--offline", "--model", model }) start.ArgumentList.Add(argument);
        start.Environment["AzureWebJobsStorage"] = storage;
        start.Environment["DOTNET_ENVIRONMENT"] = "Development";
        // Neither keys nor settings of the clone.
        (start.Environment["REMOVEBG_ROOT"], start.Environment["XDG_DATA_HOME"]) = (folder, folder);
        start.Environment["REMOVEBG_MODELS"] = string.Join(Path.PathSeparator,
            Environment.GetEnvironmentVariable("REMOVEBG_MODELS") ?? "", Path.Combine(Bench.Root, "models"),
            Path.Combine(Bench.Shared, "models"));
        return Process.Start(start)!;
    }
}
