using RemoveBg.SelfHost.Hosting.Development;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests;

/// <summary>A folder for the key and the secret of the hosts that tests start, which never see the
/// developer's.</summary>
[SetUpFixture]
public sealed class Home
{
    private static readonly Lazy<(TemporaryFolder Folder, DevelopmentSecrets Secrets)> Made = new(Make);

    internal static string Folder => Made.Value.Folder.Path;

    internal static DevelopmentSecrets Secrets => Made.Value.Secrets;

    [OneTimeTearDown]
    public void Delete()
    {
        if (Made.IsValueCreated) Made.Value.Folder.Dispose();
    }

    /// <remarks>The secrets are written before the first host starts: two hosts would each write their own.</remarks>
    private static (TemporaryFolder, DevelopmentSecrets) Make()
    {
        var folder = new TemporaryFolder();
        return (folder, DevelopmentSecrets.LoadOrCreateAsync(Path.Combine(folder.Path, "removebg"),
            CancellationToken.None).GetAwaiter().GetResult());
    }
}
