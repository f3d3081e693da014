using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.CutOut;
using RemoveBg.Core.Process.Fetch;
using RemoveBg.SelfHost.Cli.Cut.Find;
using RemoveBg.SelfHost.Hosting;

namespace RemoveBg.SelfHost.Cli.Cut.Engines;

/// <summary>Cuts out in this process, with the service's own pipeline, fetch code and network guard, and without its
/// storage and queues.</summary>
internal sealed class LocalCutter(ServiceProvider services, CutSettings settings) : ICutter
{
    /// <summary>All photos are one key's to the pipeline's slots.</summary>
    private const string Key = "cli";

    private readonly CutOutPipeline _pipeline = services.GetRequiredService<CutOutPipeline>();
    private readonly PipelineSlots _slots = services.GetRequiredService<PipelineSlots>();
    private readonly ImageFetcher _fetcher = services.GetRequiredService<ImageFetcher>();
    private readonly Lazy<Task<ReadOnlyMemory<byte>>> _background = new(() => BackgroundAsync(services, settings));

    public async Task<CutOutFile> CutAsync(Photo photo, CancellationToken cancellationToken)
    {
        try
        {
            // 1. Get the files.
            var file = photo.Kind == PhotoKind.Url
                ? await DownloadAsync(_fetcher, photo.Shown, cancellationToken)
                : await PhotoBytes.ReadAsync(photo, cancellationToken);
            var background = settings.HasImageBehind ? await _background.Value.WaitAsync(cancellationToken)
                : default(ReadOnlyMemory<byte>?);

            // 2. Wait until there is memory for it.
            using var slot = await _slots.TakeAsync(Key, settings.Options.Model, cancellationToken,
                CutOutSize.Of(file, background));

            // 3. Cut out.
            using var result = new MemoryStream();
            var job = new CutOutJob(file, settings.Format, slot.Segmenter, slot.Tensors, result)
            {
                Options = settings.Options,
                Background = background,
            };
            var done = await Task.Run(() => _pipeline.Run(job, cancellationToken), cancellationToken);
            return new(result.ToArray(), done.ContentType, done.Width, done.Height, file);
        }
        catch (ArtworkFailedException problem)
        {
            throw new PhotoFailedException(problem.Failure.Code, problem.Failure.Message);
        }
        catch (Exception problem) when (SettingProblem.Sentence(problem) is { } sentence)
        {
            // Of the model or a setting: every photo would fail alike.
            throw new UserException(sentence);
        }
    }

    public ValueTask DisposeAsync() => services.DisposeAsync();

    /// <summary>Gets the image behind the subject, once for all photos.</summary>
    private static async Task<ReadOnlyMemory<byte>> BackgroundAsync(ServiceProvider services, CutSettings settings)
    {
        if (settings.BackgroundFile is { } file) return file;
        try
        {
            return await DownloadAsync(services.GetRequiredService<ImageFetcher>(),
                ((Background.ImageUrl)settings.Options.Background!).Text, CancellationToken.None);
        }
        catch (ArtworkFailedException problem)
        {
            throw problem.Of("background");
        }
    }

    private static async Task<ReadOnlyMemory<byte>> DownloadAsync(ImageFetcher fetcher, string url,
        CancellationToken cancellationToken)
    {
        var bytes = new DownloadedBytes();
        await fetcher.FetchAsync(url, bytes, cancellationToken);
        return bytes.Content;
    }
}
