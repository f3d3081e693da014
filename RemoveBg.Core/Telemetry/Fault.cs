namespace RemoveBg.Core.Telemetry;

/// <summary>Kinds of trouble that the service survives; label <c>fault</c> of the counter <c>removebg.faults</c>.
/// Each is logged too, with the artwork's id where it is known.</summary>
public enum Fault
{
    /// <summary>An attempt failed and another follows.</summary>
    Retried,

    /// <summary>An attempt failed for good.</summary>
    Failed,

    /// <summary>Somebody else took the artwork over, canceled or deleted it during the work.</summary>
    ClaimLost,

    /// <summary>An artwork was started or interrupted more often than it may be.</summary>
    NeverEnded,

    /// <summary>The host shut down during the work; another instance continues.</summary>
    HandedBack,

    /// <summary>An artwork waited too long for a slot in the pipeline and went back to the queue.</summary>
    NoSlot,

    /// <summary>A message of an artwork that has ended already.</summary>
    Duplicate,

    /// <summary>A message of an artwork that another worker holds.</summary>
    HeldByAnother,

    /// <summary>A message that no version of this program has sent; kept in a queue <c>*-unreadable</c>.</summary>
    UnreadableMessage,

    /// <summary>A message whose artwork has no record.</summary>
    RecordMissing,

    /// <summary>The host gave up on a message.</summary>
    Poisoned,

    /// <summary>The sweeper found something whose time was over.</summary>
    Overdue,

    /// <summary>An artwork is accepted, or has ended, and storage failed at the step after
    /// it; the sweeper will do it.</summary>
    LeftToSweeper,

    /// <summary>A turn whose artwork had ended without passing it on.</summary>
    StaleTurn,

    /// <summary>A connection to an address that is not publicly routable was refused.</summary>
    AddressBlocked,

    /// <summary>No further webhook attempt: all are spent, or the receiver is gone.</summary>
    WebhookGivenUp,
}
