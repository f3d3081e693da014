using System.Diagnostics;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Layout;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Core.CutOut;

/// <summary>The state of one job on its way through the steps of <see cref="CutOutPipeline"/>.</summary>
internal sealed class CutOutContext(CutOutJob job, ImageOptions limits, CancellationToken cancellationToken)
    : IDisposable
{
    private readonly List<(string Name, TimeSpan Time)> _times = new(12);
    private Photo? _photo;

    public CutOutJob Job { get; } = job;

    public CutOutOptions Options => Job.Options;

    public ImageOptions Limits { get; } = limits;

    /// <summary>The image as the last step left it. The one that a new one replaces is disposed.</summary>
    public Photo Photo
    {
        get => _photo ?? throw new InvalidOperationException("No photo has been decoded.");
        set
        {
            if (!ReferenceEquals(_photo, value)) _photo?.Dispose();
            _photo = value;
        }
    }

    /// <summary>Orientation of the decoded photo.</summary>
    public ExifOrientation Orientation { get; set; } = ExifOrientation.Upright;

    /// <summary>Size of the upright photo, in pixels.</summary>
    public (int Width, int Height) FullSize { get; set; }

    /// <summary>Part of the upright photo in which a subject is searched; the whole one by default.</summary>
    public Box Region { get; set; }

    public SubjectMask? Mask { get; set; }

    /// <summary>Rectangle of the subject in the result; null when none was found or nobody asked.</summary>
    public Box? Subject { get; set; }

    public string ContentType { get; set; } = "";

    public CutOutResult Result => new(
        Photo.Width, Photo.Height, ContentType, Mask!.Segmenter.Model.Entry.Name,
            Uncertainty.ToConfidence(Mask.Uncertainty),
        Subject, _times);

    /// <summary>Runs and times one step. Native code cannot be interrupted, so cancellation
    /// is checked between steps.</summary>
    public void Time(string name, Action step)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var start = Stopwatch.GetTimestamp();
        step();
        _times.Add((name, Stopwatch.GetElapsedTime(start)));
    }

    public void Dispose() => _photo?.Dispose();
}
