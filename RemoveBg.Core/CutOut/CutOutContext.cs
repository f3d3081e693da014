using System.Diagnostics;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Layout;
using RemoveBg.Core.Segmentation;

namespace RemoveBg.Core.CutOut;

/// <summary>State of one job, passed from step to step of <see cref="CutOutPipeline"/>.</summary>
internal sealed class CutOutContext(CutOutJob job, ImageOptions limits, CancellationToken cancellationToken)
    : IDisposable
{
    private readonly List<(string Name, TimeSpan Time)> _times = new(12);
    private Photo? _photo;

    public CutOutJob Job { get; } = job;

    /// <summary>Ends the second decoder; other native code cannot be interrupted.</summary>
    public CancellationToken CancellationToken { get; } = cancellationToken;

    public CutOutOptions Options => Job.Options;

    public ImageOptions Limits { get; } = limits;

    /// <summary>Image produced by the last step. Setting a new one disposes the old one.</summary>
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

    /// <summary>Part of the upright photo to search for a subject; by default all of it.</summary>
    public Box Region { get; set; }

    public SubjectMask? Mask { get; set; }

    public bool HasSubject { get; set; }

    /// <summary>The photo's own background; null unless it is wanted behind the subject.</summary>
    public BlurredBackground? Background { get; set; }

    /// <summary>Part of the upright photo that the result shows, if its background stays.</summary>
    public Window Shown { get; set; }

    /// <summary>Rectangle of the subject in the result; null if none was found or the job does not want it.</summary>
    public Box? Subject { get; set; }

    public string ContentType { get; set; } = "";

    public CutOutResult Result => new(
        Photo.Width, Photo.Height, ContentType, Mask!.Segmenter.Model.Entry.Name,
            Uncertainty.ToConfidence(Mask.Uncertainty),
        Subject, _times);

    /// <summary>Runs and times one step.</summary>
    /// <exception cref="OperationCanceledException">Cancellation was requested before the step: native code cannot be
    /// interrupted.</exception>
    public void Time(string name, Action step)
    {
        CancellationToken.ThrowIfCancellationRequested();
        var start = Stopwatch.GetTimestamp();
        step();
        _times.Add((name, Stopwatch.GetElapsedTime(start)));
    }

    public void Dispose()
    {
        _photo?.Dispose();
        Background?.Dispose();
    }
}
