using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace RemoveBg.SelfHost.Cli.Cut.Report;

/// <summary>Shows how many photos are done, of how many.</summary>
internal sealed class CountColumn : ProgressColumn
{
    public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
        new Text($"{task.Value:0}/{task.MaxValue:0}");
}

/// <summary>Shows photos per second.</summary>
internal sealed class RateColumn : ProgressColumn
{
    public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
        new Text(task.ElapsedTime is { TotalSeconds: > 0 } elapsed && task.Value > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{task.Value / elapsed.TotalSeconds:0.0}/s") : "-/s");
}
