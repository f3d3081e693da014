using RemoveBg.Core.Artworks;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Imaging;
using RemoveBg.Core.Imaging.Codecs;
using RemoveBg.Core.Layout;
using RemoveBg.Core.Matting;

namespace RemoveBg.Core.CutOut;

/// <summary>The steps of <see cref="CutOutPipeline"/>. Each returns at once if it has nothing to do.</summary>
internal static class CutOutSteps
{
    public static void DecodePhoto(CutOutContext context) => context.Time(
        "decode", () => (context.Photo, context.Orientation) =
            Decode.Run(context.Job.File, context.Limits, context.CancellationToken));

    public static void OrientPhoto(CutOutContext context)
    {
        context.Time("orient", () => context.Photo = Orient.Run(context.Photo, context.Orientation));
        context.FullSize = (context.Photo.Width, context.Photo.Height);
        context.Region = new(0, 0, context.Photo.Width, context.Photo.Height);
    }

    public static void CopyBackground(CutOutContext context)
    {
        if (context.Options.Background is Background.Blur)
            context.Time("copy background", () => context.Background = BlurredBackground.Of(context.Photo));
    }

    public static void CropToRegion(CutOutContext context)
    {
        if (context.Options.Roi is not { } roi) return;
        var (width, height) = context.FullSize;
        context.Region = Box.Of(roi, width, height) ?? throw new ArtworkFailedException(
            ArtworkFailure.NoForeground, $"roi lies outside the {width} x {height} pixel image.");
        context.Photo = context.Region.CutFrom(context.Photo);
    }

    public static void SegmentSubject(CutOutContext context)
    {
        var mask =
            Segmentation.SegmentSubject.Infer(context.Photo, context.Job.Segmenter, context.Job.Tensors, context.Time);
        context.Time("settle", () => Segmentation.SegmentSubject.Refine(mask));
        context.Mask = mask;
    }

    public static void MakeMatte(CutOutContext context)
    {
        Grid? grid = null;
        Matte? matte = null;
        ForegroundColours? colours = null;
        try
        {
            context.Time("grid", () => grid = Grid.Of(context.Photo));
            context.Time("matte", () => matte = Matte.Run(context.Mask!.Tensors, grid!));
            context.Time("foreground", () => colours = ForegroundColours.Run(grid!, matte!.OnGrid));
            context.Time("compose", () => context.HasSubject =
                Compose.Run(context.Photo, matte!, colours!, context.Options.IsBackgroundOnly));
            context.Background?.RemoveSubject(matte!.OnGrid, grid!.Width, context.Region);
        }
        finally
        {
            colours?.Dispose();
            matte?.Dispose();
            grid?.Dispose();
        }
    }

    public static void RequireForeground(CutOutContext context)
    {
        if (context.Options.RequireForeground == true && !context.HasSubject)
            throw new ArtworkFailedException(ArtworkFailure.NoForeground, "No subject was found in the image.");
    }

    /// <summary>Gets back what lies outside the region, which is all background. Decoding again takes less memory than
    /// keeping a second copy.</summary>
    public static void RestoreSurroundings(CutOutContext context)
    {
        if (context.Options is not { IsBackgroundOnly: true, Roi: not null }) return;
        context.Time("surroundings", () =>
        {
            var (decoded, orientation) = Decode.Run(context.Job.File, context.Limits, context.CancellationToken);
            var whole = Orient.Run(decoded, orientation);
            context.Region.CopyInto(whole, context.Photo);
            whole.IsOpaque = false;
            context.Photo = whole;
            context.Region = new(0, 0, whole.Width, whole.Height);
        });
    }

    public static void Arrange(CutOutContext context)
    {
        var (width, height) = context.FullSize;
        context.Shown = new(0, 0, width, height);
        if (!context.Options.Arranges) return;
        if (context.Background is not null)
            context.Shown = Arranged.Shown(context.Photo, context.Region, width, height, context.Options);
        context.Time("arrange", () => context.Photo = Arranged.Run(
            context.Photo, context.Region, width, height, context.Options, context.Limits.MaxPixels));
    }

    public static void FindSubject(CutOutContext context)
    {
        if (context.Options.FindSubject == true) context.Subject = Box.Around(context.Photo);
    }

    public static void CastShadow(CutOutContext context)
    {
        if (context.Options.Shadow == true)
            context.Time("shadow", () => Shadow.Run(context.Photo, (context.Options.ShadowOpacity ?? 100) / 100f));
    }

    public static void PutBackgroundBehind(CutOutContext context)
    {
        switch (context.Options.Background)
        {
            case Background.Blur:
                context.Time("background", () => context.Background!.PutBehind(context.Photo, context.Shown,
                    context.Options.BackgroundBlur ?? BlurredBackground.DefaultStrength));
                break;
            case Background.Solid solid:
                context.Time("background", () => Backdrop.Colour(context.Photo, solid.Rgba));
                break;
            case Background.ImageUrl or Background.StoredImage:
                context.Time("background", () => PutImageBehind(context, context.Job.Background!.Value));
                break;
        }
        // JPEG has no alpha.
        if (context.Job.Format == OutputFormat.Jpeg)
            context.Time("background", () => Backdrop.Colour(context.Photo, Colour.White));
    }

    public static void EncodeResult(CutOutContext context)
    {
        var (photo, format, target) = (context.Photo, context.Job.Format, context.Job.Target);
        context.Time("encode", () => context.ContentType =
            context.Options.IsAlphaOnly ? Encode.Mask(photo, format, target) : Encode.Run(photo, format, target));
    }

    private static void PutImageBehind(CutOutContext context, ReadOnlyMemory<byte> file)
    {
        try
        {
            var (decoded, orientation) = Decode.Run(file, context.Limits, context.CancellationToken);
            using var stored = decoded;
            using var behind = Orient.Run(decoded, orientation);
            Backdrop.Image(context.Photo, behind);
        }
        catch (ArtworkFailedException problem)
        {
            throw problem.Of("background");
        }
    }
}
