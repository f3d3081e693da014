namespace RemoveBg.Core.Telemetry;

/// <summary>Faults that the service survives; label <c>fault</c> of the counter <c>removebg.faults</c>. Each is also
/// logged, with the artwork's id where it is known.</summary>
public enum Fault
{
    /// <summary>An attempt failed and another follows.</summary>
    Retried,

    /// <summary>An attempt failed for good.</summary>
    Failed,

    /// <summary>The artwork was cancelled, deleted or claimed by another worker during the work.</summary>
    ClaimLost,

    /// <summary>An artwork used up its attempts, its interruptions or its retention without finishing.</summary>
    NeverEnded,

    /// <summary>The host shut down during the work; another instance continues.</summary>
    HandedBack,

    /// <summary>The process was frozen during an attempt of an artwork or a webhook, which is repeated and not
    /// counted.</summary>
    Frozen,

    /// <summary>Storage failed before the work of a message began; the message comes again.</summary>
    StorageFailed,

    /// <summary>An artwork waited too long for a slot and was requeued.</summary>
    NoSlot,

    /// <summary>A message of an artwork that has ended already.</summary>
    Duplicate,

    /// <summary>A message of an artwork that another worker has claimed.</summary>
    HeldByAnother,

    /// <summary>A message that no version of this program can have sent; kept in a queue <c>*-unreadable</c>.</summary>
    UnreadableMessage,

    /// <summary>A message whose artwork has no record.</summary>
    RecordMissing,

    /// <summary>The host gave up on a message.</summary>
    Poisoned,

    /// <summary>The sweeper requeued overdue work.</summary>
    Overdue,

    /// <summary>Storage failed right after an artwork was accepted or had ended; the sweeper finishes the
    /// step.</summary>
    LeftToSweeper,

    /// <summary>A permit of an artwork that had ended without passing it on.</summary>
    StaleTurn,

    /// <summary>A connection to an address that is not publicly routable was refused.</summary>
    AddressBlocked,

    /// <summary>No webhook attempt is left, or the receiver is gone.</summary>
    WebhookGivenUp,
}
