namespace RemoveBg.LocalHost;

/// <summary>Something that whoever sits at the terminal can mend: printed as one line, without a stack trace.</summary>
internal sealed class UserException(string message) : Exception(message);
