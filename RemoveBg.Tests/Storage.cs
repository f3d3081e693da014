using RemoveBg.SelfHost.Hosting.Development;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests;

/// <summary>One real Azurite for the whole test run, started by the first test that needs it. Each fixture gets an
/// account of its own in it, so that no host takes another's messages.</summary>
[SetUpFixture]
public sealed class Storage
{
    private const int Accounts = 1024;
    private static readonly string Key = Convert.ToBase64String(new byte[64]);
    private static readonly Lazy<Azurite> Started = new(Start);
    private static int s_given;

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (Started.IsValueCreated) await Started.Value.DisposeAsync();
    }

    /// <summary>Connection string of an account of its own.</summary>
    internal static string NewAccount()
    {
        var number = Interlocked.Increment(ref s_given) - 1;
        if (number >= Accounts) throw new InvalidOperationException(
            $"All {Accounts} test accounts are given out; raise {nameof(Accounts)}.");
        var parts = Started.Value.ConnectionString.Split(';')
            .Select(part => part.StartsWith("AccountKey=", StringComparison.Ordinal) ? $"AccountKey={Key}" : part);
        return string.Join(';', parts).Replace("devstoreaccount1", $"test{number}", StringComparison.Ordinal);
    }

    private static Azurite Start()
    {
        // With the usual account, too, for a test that starts an Azurite of its own at the same moment.
        Environment.SetEnvironmentVariable("AZURITE_ACCOUNTS", string.Join(';', Enumerable.Range(0, Accounts)
            .Select(n => $"test{n}:{Key}").Append($"devstoreaccount1:{Azurite.UsualKey}")));
        try
        {
            return Task.Run(() => Azurite.StartAsync(Repo.Root, data: null, CancellationToken.None)).GetAwaiter()
                .GetResult();
        }
        finally
        {
            Environment.SetEnvironmentVariable("AZURITE_ACCOUNTS", null);
        }
    }
}
