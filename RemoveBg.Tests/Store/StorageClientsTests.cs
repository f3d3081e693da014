using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.Configuration;
using RemoveBg.Core.Store;

namespace RemoveBg.Tests.Store;

/// <summary>Settings of an account without a key.</summary>
public sealed class StorageClientsTests
{
    [Test]
    public void An_account_name_gives_the_addresses_of_its_services()
    {
        var clients = new StorageClients(Settings(("accountName", "shop")));
        Assert.That(clients.Blobs.Uri, Is.EqualTo(new Uri("https://shop.blob.core.windows.net/")));
        Assert.That(clients.Queue("q").Uri, Is.EqualTo(new Uri("https://shop.queue.core.windows.net/q")));
        Assert.That(clients.Table("t").Uri, Is.EqualTo(new Uri("https://shop.table.core.windows.net/t")));
    }

    [Test]
    public void Addresses_of_the_services_are_used_as_they_are()
    {
        var clients = new StorageClients(Settings(("blobServiceUri", "https://a.example.com/"),
            ("queueServiceUri", "https://b.example.com/"), ("tableServiceUri", "https://c.example.com/")));
        Assert.That((clients.Blobs.Uri.Host, clients.Queue("q").Uri.Host, clients.Table("t").Uri.Host),
            Is.EqualTo(("a.example.com", "b.example.com", "c.example.com")));
    }

    [TestCase("blobServiceUri")]
    [TestCase("clientId")]
    public void An_account_without_addresses_is_refused_by_the_settings_names(string only) =>
        Assert.That(() => new StorageClients(Settings((only, "https://a.example.com/"))),
            Throws.InvalidOperationException.With.Message.EqualTo("Setting AzureWebJobsStorage is missing: give a "
                + "connection string, or AzureWebJobsStorage__accountName to use a managed identity."));

    [TestCase(null, typeof(DefaultAzureCredential))]
    [TestCase("", typeof(DefaultAzureCredential))]
    [TestCase("managedidentity", typeof(ManagedIdentityCredential))]
    [TestCase("managedIdentity", typeof(ManagedIdentityCredential))]
    [TestCase("workloadidentity", typeof(WorkloadIdentityCredential))]
    public void The_setting_selects_the_credential(string? credential, Type expected)
    {
        foreach (var client in new[] { null, "11111111-1111-1111-1111-111111111111" })
            Assert.That(Credential(("credential", credential), ("clientId", client)), Is.TypeOf(expected));
    }

    [Test]
    public void Another_credential_is_refused_by_the_settings_name_its_value_and_what_is_accepted() =>
        Assert.That(() => Credential(("credential", "msi")), Throws.InvalidOperationException.With.Message.EqualTo(
            "AzureWebJobsStorage__credential must be managedidentity, workloadidentity or empty, not 'msi'."));

    private static TokenCredential Credential(params (string Name, string? Value)[] settings) =>
        StorageClients.Credential(Settings(settings).GetSection(StorageClients.ConnectionName));

    private static IConfigurationRoot Settings(params (string Name, string? Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(
            $"{StorageClients.ConnectionName}:{setting.Name}", setting.Value))).Build();
}
