using RemoveBg.Client;
using RemoveBg.SelfHost.Cli.Cut.Find;
using SkiaSharp;
using CutOutOptions = RemoveBg.Core.Artworks.Parameters.CutOutOptions;
using OutputFormat = RemoveBg.Core.Artworks.OutputFormat;
using Photo = RemoveBg.SelfHost.Cli.Cut.Find.Photo;

namespace RemoveBg.SelfHost.Cli.Cut.Engines;

/// <summary>Lets a service cut out, through the client library.</summary>
internal sealed class ServerCutter(RemoveBgClient client, CutSettings settings) : ICutter
{
    private const string KeyVariable = "REMOVEBG_KEY";

    /// <summary>A service that does not respond is reported soon.</summary>
    private const int Retries = 2;

    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(30);

    /// <exception cref="UserException">No key is set.</exception>
    public static ServerCutter Create(string url, CutSettings settings)
    {
        var key = Environment.GetEnvironmentVariable(KeyVariable);
        if (string.IsNullOrWhiteSpace(key)) throw UserException.Usage(
            $"--server needs an API key: set {KeyVariable} to one of the service's keys.");
        return key.Trim().All(letter => letter is > ' ' and <= '~')
            ? new(new(url, key.Trim(), retries: Retries), settings)
            : throw UserException.Usage($"{KeyVariable} is no API key: it has blanks, or letters that no key has.");
    }

    public async Task<CutOutFile> CutAsync(Photo photo, CancellationToken cancellationToken)
    {
        try
        {
            // 1. Send the photo, or its URL, which the service downloads.
            // A plain null would become empty memory.
            var source = photo.Kind == PhotoKind.Url ? default(ReadOnlyMemory<byte>?)
                : await PhotoBytes.ReadAsync(photo, cancellationToken);
            var sent = source is { } bytes ? Client.Photo.FromBytes(bytes.ToArray())
                : Client.Photo.FromUrl(photo.Shown);
            var artwork = await client.SubmitAsync(sent, OptionsFor(settings), Hold,
                cancellationToken: cancellationToken);

            // 2. Wait for the result and get it.
            if (artwork.Status != ArtworkStatus.Succeeded)
                artwork = await client.WaitAsync(artwork.Id, cancellationToken: cancellationToken);
            var file = await client.DownloadAsync(artwork, cancellationToken);
            using var codec = SKCodec.Create(new MemoryStream(file));
            return new(file, ContentTypeOf(codec), codec?.Info.Width ?? 0, codec?.Info.Height ?? 0, source);
        }
        catch (ArtworkFailedException problem)
        {
            throw new PhotoFailedException(problem.Code, problem.Message);
        }
        catch (ApiException problem)
        {
            throw new PhotoFailedException(FailureCodes.Refused, problem.Status is 401 or 403
                ? $"the service refuses the key in {KeyVariable}: {problem.Message}" : problem.Message);
        }
        catch (ConnectionFailedException problem)
        {
            throw new PhotoFailedException(FailureCodes.Unreachable,
                $"{problem.Message} Check --server, and that the service runs.");
        }
        catch (System.Text.Json.JsonException)
        {
            throw new PhotoFailedException(FailureCodes.Refused,
                "the answer is not that of a RemoveBg service: check --server.");
        }
        catch (WaitTimeoutException problem)
        {
            throw new PhotoFailedException(FailureCodes.Unreachable, problem.Message);
        }
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    internal static Options OptionsFor(CutSettings settings)
    {
        var wanted = settings.Options;
        return new()
        {
            OutputFormat = settings.Format switch
            {
                OutputFormat.Png => Client.OutputFormat.Png,
                OutputFormat.Webp => Client.OutputFormat.Webp,
                _ => Client.OutputFormat.Auto,
            },
            Crop = wanted.Crop,
            CropMargin = wanted.CropMargin?.Text,
            Scale = wanted.Scale?.Text,
            Position = wanted.Position?.Text,
            Roi = wanted.Roi?.Text,
            Background = settings.BackgroundFile is null ? wanted.Background?.Text : null,
            BackgroundImage = settings.BackgroundFile is { } file ? Client.Photo.FromBytes(file.ToArray()) : null,
            BackgroundBlur = wanted.BackgroundBlur,
            Shadow = wanted.Shadow,
            Size = wanted.Size,
            Megapixels = wanted.Megapixels,
            Channels = ChannelsOf(wanted),
            Model = wanted.Model,
            RequireForeground = wanted.RequireForeground,
        };
    }

    private static Channels? ChannelsOf(CutOutOptions wanted) => wanted.Channels switch
    {
        Core.Artworks.Parameters.Channels.Rgba => Channels.Rgba,
        Core.Artworks.Parameters.Channels.Alpha => Channels.Alpha,
        Core.Artworks.Parameters.Channels.Background => Channels.Background,
        _ => null,
    };

    private static string ContentTypeOf(SKCodec? codec) => codec?.EncodedFormat switch
    {
        SKEncodedImageFormat.Png => Core.Artworks.ResultTypes.Png,
        SKEncodedImageFormat.Webp => Core.Artworks.ResultTypes.Webp,
        _ => "application/octet-stream",
    };
}
