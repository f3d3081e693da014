using System.Diagnostics;

namespace RemoveBg.Tests.Given;

/// <summary>Programs named az, azd, curl and dotnet that play a subscription in which infra/azure.sh deploys. Its state
/// is files, so that a second run finds what the first one has left.</summary>
internal sealed class FakeAzure : IDisposable
{
    private const string Az = """
        case "$*" in
          "group exists"*) [ -f group ] && echo true || echo false ;;
          "group create"*) touch group ;;
          "account show"*user.type*) echo user ;;
          "account show"*) cat subscription 2>/dev/null || echo 1111 ;;
          "deployment group create"*) env | grep ^REMOVEBG_ | sort >given; [ -f budget ] || env | grep START= >budget ;;
          "deployment group show"*parameters*)
            [ -f given ] || say "ERROR: (DeploymentNotFound) Deployment 'main' could not be found."
            case "$*" in
              *privateNetwork*) sed -n 's/REMOVEBG_PRIVATE_NETWORK=t/T/p' given ;;
              *alertEmails*) sed -n 's/REMOVEBG_ALERT_EMAILS=//p' given | tr , '\n' ;;
            esac ;;
          "deployment group show"*appName*) echo shop-app ;;
          "deployment group show"*url*) echo https://shop.example.com ;;
          "deployment group show"*storageAccount*) echo shopstore ;;
          "deployment group show"*vaultName*) echo kvshop ;;
          "deployment group show"*isPrivate*) cat private 2>/dev/null || echo false ;;
          "rest --method get"*Microsoft.Consumption/budgets*)
            [ ! -f budget ] || echo "$(cut -d= -f2 budget)T00:00:00Z" ;;
          "keyvault list-deleted"*) [ ! -f deleted ] || echo kvshop ;;
          "rest --method get"*secrets/webhook-secrets*) [ -f secret ] || say "Not Found(SecretNotFound)" ;;
          "rest --method put"*secrets/webhook-secrets*) allowed put
            all=$*; body=${all##*--body @}; cp "${body%% *}" secret ;;
          "rest --method post"*configreferences/appsettings/refresh*) allowed refresh ;;
          "rest --method get"*configreferences*) waiting references && s=Initialized || s=Resolved
            printf 'RemoveBg__Webhook__Secrets\t%s\n' "$s" ;;
          "functionapp deployment source config-zip"*)
            [ ! -f broken ] || say "ERROR: no such app"
            allowed publish; touch published ;;
          "ad signed-in-user"*) echo operator ;;
          "role assignment create"*) ;;
          "login" | "provider register"* | "account set"* | "keyvault secret set"* | "keyvault secret backup"*) ;;
          "keyvault secret show"*) echo "whsec_old whsec_older" ;;
          "storage account show"*) echo /subscriptions/1111/resourceGroups/shop/shopstore ;;
          *) say "unexpected az" ;;
        esac
        """;

    private const string Curl = """
        case "$*" in
          */healthz*) [ -f published ] ;;
          */readyz*) ! waiting ready || exit 22 ;;
          */v2/artworks/remove-background*) echo '{"id":"42","results":[],"status":"starting","createdAt":""}' ;;
          *https://shop.example.com/v2/artworks/42) waiting artwork && s=processing || s=succeeded
            echo '{"id":"42","results":["https://shopstore.example.com/42.webp?sig=1"],"status":"'$s'"}' ;;
          *"https://shopstore.example.com/42.webp?sig=1"*) ;;
          *) say "unexpected curl" ;;
        esac
        """;

    private const string Dotnet = """
        case "$*" in
          --version | build*) ;;
          publish*) ;;
          *"keys list"*) allowed keys; cat keys 2>/dev/null || true ;;
          *"keys export"* | *"keys audit"*) ;;
          *"keys add first"*) echo first >>keys; echo "key rbg_secret" ;;
          *) say "unexpected dotnet" ;;
        esac
        """;

    /// <summary>Before each program: its call goes to the log; <c>allowed STEP</c> answers 403 as often as the file
    /// says, <c>waiting STEP</c> is true as often.</summary>
    private const string Begin = """
        #!/usr/bin/env bash
        set -eu
        cd "$FAKE_AZURE"
        echo "${0##*/} $*" >>log
        say() { echo "$*" >&2; exit 1; }
        waiting() { local left; left=$(cat "$1.wait" 2>/dev/null || echo 0); [ "$left" -gt 0 ] || return 1
          echo $((left - 1)) >"$1.wait"; }
        allowed() { ! waiting "$1" || say "ERROR: Forbidden (403)"; }

        """;

    private readonly TemporaryFolder _programs = new(), _state = new();

    public FakeAzure()
    {
        foreach (var (name, script) in new[] { ("az", Az), ("curl", Curl), ("dotnet", Dotnet), ("azd", "true") })
        {
            var file = Path.Combine(_programs.Path, name);
            File.WriteAllText(file, Begin + script + "\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }

    /// <summary>All calls so far, one per line.</summary>
    public IReadOnlyList<string> Calls => File.Exists(State("log")) ? File.ReadAllLines(State("log")) : [];

    /// <summary>Path of a file of the state.</summary>
    public string State(string name) => Path.Combine(_state.Path, name);

    /// <summary>Lets a step be refused, or wait, as often.</summary>
    public void Wait(string step, int times) => File.WriteAllText(State($"{step}.wait"), $"{times}");

    public Task<(int Code, string Output)> RunAsync(string arguments, params (string Name, string Value)[] given) =>
        RunShellAsync($"infra/azure.sh {arguments}", Repo.Root, given);

    /// <summary>Runs lines of a shell in a folder of its own that looks like the repository.</summary>
    public async Task<(int Code, string Output)> RunShellAsync(string script)
    {
        using var clone = new TemporaryFolder();
        foreach (var entry in Directory.GetFileSystemEntries(Repo.Root))
            File.CreateSymbolicLink(Path.Combine(clone.Path, Path.GetFileName(entry)), entry);
        // Its records of what is built are the clone's own.
        File.Delete(Path.Combine(clone.Path, ".local"));
        return await RunShellAsync(script, clone.Path);
    }

    private async Task<(int Code, string Output)> RunShellAsync(string script, string folder,
        params (string Name, string Value)[] given)
    {
        var start = new ProcessStartInfo("bash", ["-c", script])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in new[] { "AZURE_ENV_NAME", "AZURE_RESOURCE_GROUP", "AZURE_SUBSCRIPTION_ID", "REMOVEBG_KEY",
            "appName", "url", "storageAccount", "vaultName", "isPrivate" }) start.Environment.Remove(name);
        foreach (var (name, value) in given.Append(("FAKE_AZURE", _state.Path)).Append(("REMOVEBG_PAUSE", "0"))
            .Append(("REMOVEBG_TRIES", "4")).Append(("PATH",
                $"{_programs.Path}:{Environment.GetEnvironmentVariable("PATH")}"))) start.Environment[name] = value;
        using var bash = Process.Start(start)!;
        var (output, errors) = (bash.StandardOutput.ReadToEndAsync(), bash.StandardError.ReadToEndAsync());
        await bash.WaitForExitAsync();
        return (bash.ExitCode, await output + await errors);
    }

    public void Dispose()
    {
        _programs.Dispose();
        _state.Dispose();
    }
}
