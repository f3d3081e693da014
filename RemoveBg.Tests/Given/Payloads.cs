using System.Text.Json;

namespace RemoveBg.Tests.Given;

/// <summary>
/// Payloads against SSRF guards: a few of each stage, and the list of others where the shared test data is there.
/// </summary>
internal static class Payloads
{
    private const string Own = """
        [
          {"stage":"url","url":"http://127.0.0.1/","why":"loopback"},
          {"stage":"none","url":"https://example.com/a.png","why":"plain"},
          {"stage":"dns","url":"https://a.images.org/","resolvesTo":["127.0.0.1"],"why":"loopback"},
          {"stage":"dns","url":"https://b.images.org/","resolvesTo":["0.0.0.0"],"why":"this network"},
          {"stage":"dns","url":"https://c.images.org/","resolvesTo":["8.8.8.8","169.254.169.254"],"why":"one of two"},
          {"stage":"dns","url":"https://d.images.org/","resolvesTo":["8.8.8.8","fd00::1"],"why":"private IPv6"},
          {"stage":"dns","url":"https://e.images.org/","resolvesTo":["64:ff9b::a9fe:a9fe"],"why":"NAT64"},
          {"stage":"dns","url":"https://f.images.org/","resolvesTo":["::ffff:10.0.0.1"],"why":"mapped"},
          {"stage":"dns","url":"https://g.images.org/","resolvesTo":["100.64.1.1"],"why":"carrier-grade NAT"},
          {"stage":"redirect","url":"https://r.images.org/1","redirects":["/ok.png"],"reject":false},
          {"stage":"redirect","url":"https://r.images.org/2","redirects":["https://a.images.org/x"],"reject":false},
          {"stage":"redirect","url":"https://r.images.org/3","redirects":["http://127.0.0.1/"],"reject":true},
          {"stage":"redirect","url":"https://r.images.org/4","redirects":["//127.0.0.1/x"],"reject":true},
          {"stage":"redirect","url":"https://r.images.org/5","redirects":["/b","http://[::1]/"],"reject":true},
          {"stage":"redirect","url":"https://r.images.org/6","redirects":["file:///etc/passwd"],"reject":true},
          {"stage":"redirect","url":"https://r.images.org/7","redirects":["http://0x7f.1/"],"reject":true},
          {"stage":"redirect","url":"https://r.images.org/8","redirects":["https://r.images.org:22/"],"reject":true},
          {"stage":"redirect","url":"https://r.images.org/9","redirects":["\u0000http://127.0.0.1"],"reject":true}
        ]
        """;

    public static IEnumerable<JsonElement> Of(params string[] stages)
    {
        string[] lists = Repo.SharedIfAny("security", "ssrf-payloads.json") is { } file
            ? [Own, File.ReadAllText(file)] : [Own];
        return lists.SelectMany(list => JsonElement.Parse(list).EnumerateArray())
            .Where(payload => stages.Contains(payload.Text("stage")));
    }
}
