using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RemoveBg.Core;
using RemoveBg.Core.Artworks;
using RemoveBg.Core.Submit;
using RemoveBg.Tests.Given;

namespace RemoveBg.Tests.Submit;

public sealed class IdempotencyTableTests
{
    private static readonly Fingerprint Photo = new("photo");

    private readonly FakeTimeProvider _clock = new(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly string _row = IdempotencyTable.RowOf("order-7");
    private TableClient _rows = null!;
    private ServiceProvider _services = null!;
    private IdempotencyTable _table = null!;

    [SetUp]
    public async Task Open()
    {
        var storage = Storage.NewAccount();
        _rows = new(storage, "idempotency");
        await _rows.CreateAsync();
        _services = KeyCommands.Services(storage, _clock);
        _table = _services.GetRequiredService<IdempotencyTable>();
    }

    [TearDown]
    public ValueTask Close() => _services.DisposeAsync();

    [Test]
    public async Task A_key_is_remembered_for_24_hours_and_then_free_again()
    {
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        Assert.That(await ClaimAsync(first), Is.EqualTo(first));
        _clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        Assert.That(await ClaimAsync(second), Is.EqualTo(first));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(await ClaimAsync(second), Is.EqualTo(second));
        Assert.That(await ClaimAsync(Guid.NewGuid()), Is.EqualTo(second), "and remembered anew");
    }

    [Test]
    public async Task Requests_that_find_an_expired_row_at_once_get_one_artwork()
    {
        await ClaimAsync(Guid.NewGuid());
        _clock.Advance(TimeSpan.FromHours(25));
        var ids = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => ClaimAsync(Guid.NewGuid())));
        Assert.That(ids.Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task An_artwork_that_is_deleted_takes_its_key_along_and_no_later_artworks()
    {
        // The request that claimed the key failed, and was repeated 23 hours later.
        var first = await ClaimAsync(Guid.NewGuid());
        _clock.Advance(TimeSpan.FromHours(23));
        var late = Stored(await ClaimAsync(Guid.NewGuid()));
        _clock.Advance(TimeSpan.FromHours(2));
        var second = Stored(await ClaimAsync(Guid.NewGuid()));
        Assert.That((late.Id, second.Id == first), Is.EqualTo((first, false)));

        await _table.MarkDeletedAsync(late, CancellationToken.None);
        Assert.That(await ClaimAsync(Guid.NewGuid()), Is.EqualTo(second.Id));
        await _table.MarkDeletedAsync(second, CancellationToken.None);
        Assert.That(() => ClaimAsync(Guid.NewGuid()), Throws.TypeOf<ApiException>().With.Message.Contains("deleted"));
    }

    [Test]
    public async Task Rows_are_deleted_when_they_have_expired_and_not_before()
    {
        var early = Guid.NewGuid();
        await ClaimAsync(early);
        _clock.Advance(TimeSpan.FromHours(23));
        await ClaimAsync(Guid.NewGuid(), IdempotencyTable.RowOf("order-8"));
        Assert.That(await _table.DeleteExpiredAsync(() => false, CancellationToken.None), Is.Zero);
        _clock.Advance(TimeSpan.FromHours(2));
        Assert.That(await _table.DeleteExpiredAsync(() => false, CancellationToken.None), Is.EqualTo(1));
        Assert.That(await _table.ArtworksOfAsync("key", CancellationToken.None).ToListAsync(),
            Has.Count.EqualTo(1).And.Not.Contain(early));
    }

    [TestCase("\"order-7\"")]
    [TestCase(" order-7 ")]
    public void Quotes_and_blanks_around_a_key_do_not_count(string header) =>
        Assert.That(IdempotencyTable.RowOf(header), Is.EqualTo(_row));

    [Test]
    public async Task A_clean_up_that_is_out_of_time_leaves_the_rest_to_the_next()
    {
        // Storage gives out a thousand rows at a time.
        var old = _clock.GetUtcNow() - TimeSpan.FromHours(25);
        var rows = Enumerable.Range(0, 1001).Select(i => new TableTransactionAction(TableTransactionActionType.Add,
            new TableEntity("key", $"{i:0000}") { ["ArtworkId"] = Guid.NewGuid(), ["CreatedAt"] = old }));
        foreach (var batch in rows.Chunk(100)) await _rows.SubmitTransactionAsync(batch);
        Assert.That(await _table.DeleteExpiredAsync(() => true, CancellationToken.None), Is.EqualTo(1000));
        Assert.That(await _table.DeleteExpiredAsync(() => true, CancellationToken.None), Is.EqualTo(1));
    }

    [Test]
    public async Task A_keys_rows_are_deleted_with_it_and_no_others()
    {
        await ClaimAsync(Guid.NewGuid());
        await ClaimAsync(Guid.NewGuid(), IdempotencyTable.RowOf("order-8"));
        var other = await _table.ClaimAsync("other", _row, Photo, Guid.NewGuid(), CancellationToken.None);
        Assert.That(await _table.DeleteOfAsync("key", CancellationToken.None), Is.EqualTo(2));
        Assert.That(await _table.ArtworksOfAsync("key", CancellationToken.None).ToListAsync(), Is.Empty);
        Assert.That(await _table.ArtworksOfAsync("other", CancellationToken.None).ToListAsync(),
            Is.EqualTo(new[] { other }));
    }

    [TestCase("a")]
    [TestCase("order 7")]
    [TestCase("~!")]
    [TestCaseSource(nameof(OfLength), new object[] { 255 })]
    public void A_key_of_1_to_255_printable_characters_is_accepted(string header) =>
        Assert.That(IdempotencyTable.RowOf(header), Has.Length.EqualTo(64));

    [TestCase("")]
    [TestCase(" \"\" ")]
    [TestCase("order\t7")]
    [TestCase("order\u007f7")]
    [TestCase("\u00f6rder-7")]
    [TestCaseSource(nameof(OfLength), new object[] { 256 })]
    public void Another_key_is_refused_with_what_is_accepted(string header) =>
        Assert.That(() => IdempotencyTable.RowOf(header), Throws.TypeOf<ApiException>().With.Message
            .EqualTo("Idempotency-Key must have 1 to 255 printable ASCII characters."));

    private static IEnumerable<string> OfLength(int length) => [new('k', length)];

    private Artwork Stored(Guid id) => new()
    {
        Id = id, KeyId = "key", IdempotencyRow = _row, ImageUrl = "", OutputFormat = OutputFormat.Auto,
        CreatedAt = _clock.GetUtcNow(), Status = ArtworkStatus.Starting,
    };

    private Task<Guid> ClaimAsync(Guid proposed, string? row = null) =>
        _table.ClaimAsync("key", row ?? _row, Photo, proposed, CancellationToken.None);
}
