using RemoveBg.SelfHost.Hosting.Development;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests;

/// <summary>One real Azurite for the whole test run. Each fixture gets an account of its own in it, so that
/// no host takes another's messages.</summary>
[SetUpFixture]
public sealed class Storage
{
    private const int Accounts = 512;
    private static readonly string Key = Convert.ToBase64String(new byte[64]);
    private static Azurite? s_azurite;
    private static int s_given;

    [OneTimeSetUp]
    public async Task Start()
    {
        Environment.SetEnvironmentVariable("AZURITE_ACCOUNTS",
            string.Join(';', Enumerable.Range(0, Accounts).Select(n => $"test{n}:{Key}")));
        s_azurite = await Azurite.StartAsync(Repo.Root, data: null, CancellationToken.None);
        Environment.SetEnvironmentVariable("AZURITE_ACCOUNTS", null);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (s_azurite is not null) await s_azurite.DisposeAsync();
    }

    /// <summary>Connection string of an account of its own.</summary>
    internal static string NewAccount()
    {
        var number = Interlocked.Increment(ref s_given) - 1;
        if (number >= Accounts) throw new InvalidOperationException(
            $"All {Accounts} test accounts are given out; raise {nameof(Accounts)}.");
        var parts = s_azurite!.ConnectionString.Split(';')
            .Select(part => part.StartsWith("AccountKey=", StringComparison.Ordinal) ? $"AccountKey={Key}" : part);
        return string.Join(';', parts).Replace("devstoreaccount1", $"test{number}", StringComparison.Ordinal);
    }
}
