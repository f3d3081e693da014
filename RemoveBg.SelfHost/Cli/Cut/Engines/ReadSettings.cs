using RemoveBg.Core;
using RemoveBg.Core.Artworks.Parameters;
using RemoveBg.Core.Segmentation;
using RemoveBg.Core.Submit;
using RemoveBg.SelfHost.Hosting;

namespace RemoveBg.SelfHost.Cli.Cut.Engines;

/// <summary>Checks the options of a cut as the API checks those of a request.</summary>
internal static class ReadSettings
{
    private const string BackgroundField = "background", ModelField = "model";

    /// <exception cref="UserException">An option has a value that is not accepted.</exception>
    public static CutSettings Run(CutRequest request, IServiceProvider services)
    {
        var texts = new Dictionary<string, string>(request.Options);
        // 1. A background may be a file, which the API gets as an upload.
        var background = FileBehind(texts);
        if (background is not null) texts.Remove(BackgroundField);

        // 2. A service has models of its own. Here, a cascade of one model is that model.
        var model = texts.GetValueOrDefault(ModelField);
        if (request.Server is not null || model == ModelCatalog.Cascade
            && !services.GetRequiredService<ModelCatalog>().Offered.Contains(model)) texts.Remove(ModelField);

        // 3. The rest is the API's.
        try
        {
            if (request.Server is null) RequireModel(model, services.GetRequiredService<ModelCatalog>());
            var parsed = services.GetRequiredService<SubmitRequestParser>()
                .ParseOptions(texts, background, CutOptions.NameOf);
            return new(request.Server is null ? parsed.Options : parsed.Options with { Model = model }, parsed.Format,
                parsed.Background?.Content.ToMemory());
        }
        catch (ApiException problem)
        {
            throw UserException.Usage(problem.Message);
        }
        catch (Exception problem) when (SettingProblem.Sentence(problem) is { } sentence)
        {
            throw UserException.Usage(sentence);
        }
    }

    private static InlineImage? FileBehind(Dictionary<string, string> texts)
    {
        if (!texts.TryGetValue(BackgroundField, out var text) || Background.TryParse(text) is not null) return null;
        try
        {
            return InlineImage.FromUpload(null, File.ReadAllBytes(text));
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            if (!Path.HasExtension(text) && !text.Contains('/', StringComparison.Ordinal)) return null;
            throw UserException.Usage($"--background {text}: no such file.");
        }
        catch (Exception problem) when (FileProblem.Is(problem))
        {
            throw UserException.Usage($"--background {text} cannot be read: {FileProblem.Reason(problem, text)}.");
        }
    }

    /// <summary>A model that could be downloaded deserves a better answer than "must be one of".</summary>
    private static void RequireModel(string? name, ModelCatalog catalog)
    {
        if (name is not null && !catalog.Offered.Contains(name) && catalog.Manifest.Find(name) is not null)
            throw UserException.Usage($"--model {name} is not on this machine: '{CommandLine.ToolName} networks get "
                + $"{name}' downloads it.");
    }
}
