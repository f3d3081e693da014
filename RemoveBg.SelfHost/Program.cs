using RemoveBg.SelfHost.Cli;

// Ctrl-C and SIGTERM cancel the token that the action gets; up to 60 s may then pass while jobs finish.
return await CommandLine.Create(
    (settings, order, cancellationToken) => new Session(settings, order).RunAsync(cancellationToken))
    .Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });
