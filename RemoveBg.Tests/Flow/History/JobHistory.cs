using CsCheck;

namespace RemoveBg.Tests.Flow.History;

/// <summary>Events of a job's life.</summary>
internal enum Act
{
    /// <summary>The caller submits the next job, or repeats one after its response got lost.</summary>
    Submit,

    /// <summary>A worker gets a message.</summary>
    Deliver,

    /// <summary>A worker gets a message, which stays in its queue, too.</summary>
    DeliverCopy,

    /// <summary>A message is lost.</summary>
    Lose,

    Cancel,
    Delete,

    /// <summary>Time passes, up to five minutes.</summary>
    Wait,

    Sweep,
}

/// <summary>Faults of a step.</summary>
internal enum Trouble
{
    None,

    /// <summary>One request to storage fails.</summary>
    Refused,

    /// <summary>One request to storage succeeds, but its sender is told that it failed.</summary>
    DoneUnheard,

    /// <summary>The process dies: nothing reaches storage from one request on.</summary>
    Died,

    /// <summary>Another instance does something before one request reaches storage.</summary>
    Overtaken,
}

/// <param name="Act">What happens.</param>
/// <param name="Choice">Which job or message; of a wait, its tenths of five minutes.</param>
/// <param name="Trouble">What goes wrong.</param>
/// <param name="At">The request to storage at which it does, from 0 in each step.</param>
/// <param name="Meanwhile">What the other instance does: the same (with a copy of the message), a cancellation, a
/// deletion or a sweep.</param>
internal sealed record Step(Act Act, int Choice, Trouble Trouble, int At, Act Meanwhile)
{
    public override string ToString() => $"{Act} {Choice}" + Trouble switch
    {
        Trouble.None => "",
        Trouble.Overtaken => $" (overtaken by {Meanwhile} at {At})",
        _ => $" ({Trouble} at {At})",
    };
}

/// <summary>A generated life of some jobs of one key.</summary>
/// <param name="Permits">Jobs that may be queued or running at once.</param>
/// <param name="Photos">Whether each job's photo exists.</param>
/// <param name="FailingWebhooks">Attempts at each webhook that the receiver refuses.</param>
/// <param name="Steps">What happens before the rest of the life, in which nothing goes wrong any more.</param>
internal sealed record JobHistory(int Permits, bool[] Photos, int FailingWebhooks, Step[] Steps)
{
    private static readonly Gen<Act> Acts = Gen.Frequency((4, Gen.Const(Act.Submit)), (6, Gen.Const(Act.Deliver)),
        (2, Gen.Const(Act.DeliverCopy)), (1, Gen.Const(Act.Lose)), (1, Gen.Const(Act.Cancel)),
        (1, Gen.Const(Act.Delete)), (2, Gen.Const(Act.Wait)), (1, Gen.Const(Act.Sweep)));

    private static readonly Gen<Trouble> Troubles = Gen.Frequency((7, Gen.Const(Trouble.None)),
        (1, Gen.Const(Trouble.Refused)), (1, Gen.Const(Trouble.DoneUnheard)), (1, Gen.Const(Trouble.Died)),
        (3, Gen.Const(Trouble.Overtaken)));

    /// <summary>Deliver stands for the same as the step's own.</summary>
    private static readonly Gen<Act> Overtaking = Gen.Frequency((2, Gen.Const(Act.Deliver)),
        (2, Gen.Const(Act.Cancel)), (1, Gen.Const(Act.Delete)), (1, Gen.Const(Act.Sweep)));

    /// <summary>Most steps send few requests.</summary>
    private static readonly Gen<int> Places = Gen.Frequency((3, Gen.Int[0, 4]), (1, Gen.Int[5, 12]));

    public static Gen<JobHistory> Generator { get; } = Gen.Select(Gen.Int[1, 2],
        Gen.Frequency((1, Gen.Const(true)), (2, Gen.Const(false))).Array[1, 3], Gen.Int[0, 2],
        Gen.Select(Acts, Gen.Int[0, 9], Troubles, Places, Overtaking, (act, choice, trouble, at, meanwhile) =>
            new Step(act, choice, trouble, at, meanwhile)).Array[1, 12],
        (permits, photos, failing, steps) => new JobHistory(permits, photos, failing, steps));

    /// <summary>Steps in which an attempt may have come to nothing.</summary>
    public int Failures => Steps.Count(step => step.Trouble is not (Trouble.None or Trouble.Overtaken));

    public override string ToString() => $"{Permits} permits, photos {string.Join(' ', Photos)}, {FailingWebhooks} "
        + $"failing webhooks: {string.Join(", ", Steps.Select(step => step.ToString()))}";
}
