using Microsoft.Extensions.Options;
using RemoveBg.Core.Network;
using RemoveBg.Core.Segmentation;
using RemoveBg.Core.Submit;

namespace RemoveBg.Tests.Given;

internal static class Requests
{
    /// <summary>Returns a parser as strict as in production, with the shipped network only.</summary>
    public static SubmitRequestParser Parser()
    {
        var urls = new UrlPolicy(Options.Create(new NetworkOptions()));
        var networks = new ModelCatalog(Options.Create(new ModelOptions { Folders = Path.Combine(Repo.Root, "models"),
            Cache = Path.Combine(Repo.Root, "models") }));
        return new(urls, new(urls, networks));
    }
}
