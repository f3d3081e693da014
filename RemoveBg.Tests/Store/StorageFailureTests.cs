using Azure;
using RemoveBg.Core.Store;

namespace RemoveBg.Tests.Store;

/// <summary>Which errors come from storage that does not serve, and so are tried again later.</summary>
public sealed class StorageFailureTests
{
    [TestCase(0, null, true)]
    [TestCase(429, null, true)]
    [TestCase(500, null, true)]
    [TestCase(503, "ServerBusy", true)]
    [TestCase(507, null, true)]
    [TestCase(404, "TableNotFound", true)]
    [TestCase(409, "TableBeingDeleted", true)]
    [TestCase(409, "QueueBeingDeleted", true)]
    [TestCase(409, "ContainerBeingDeleted", true)]
    [TestCase(403, "AccountIsDisabled", true)]
    [TestCase(404, "ResourceNotFound", false)]
    [TestCase(404, null, false)]
    [TestCase(409, "EntityAlreadyExists", false)]
    [TestCase(412, "UpdateConditionNotSatisfied", false)]
    [TestCase(403, "AuthorizationFailure", false)]
    [TestCase(499, null, false)]
    public void A_response_is_a_failure_of_storage_by_its_status_or_code(int status, string? code, bool isFailure) =>
        Assert.That(StorageFailure.Is(new RequestFailedException(status, "", code, null), CancellationToken.None),
            Is.EqualTo(isFailure));

    [Test]
    public void Exhausted_retries_are_a_failure_of_storage_and_another_aggregate_is_not()
    {
        Assert.That(StorageFailure.Is(new AggregateException(new RequestFailedException("refused")),
            CancellationToken.None), Is.True);
        Assert.That(StorageFailure.Is(new AggregateException(new InvalidDataException()), CancellationToken.None),
            Is.False);
    }

    [Test]
    public void A_cancellation_is_a_failure_of_storage_unless_the_caller_asked_for_it()
    {
        var canceled = new OperationCanceledException();
        Assert.That(StorageFailure.Is(canceled, CancellationToken.None), Is.True, "the SDK's own time-out");
        Assert.That(StorageFailure.Is(canceled, new(canceled: true)), Is.False);
        Assert.That(StorageFailure.Is(new InvalidDataException(), CancellationToken.None), Is.False);
    }
}
