using System.CommandLine;
using System.Globalization;

namespace RemoveBg.SelfHost.Cli;

/// <summary>Options with a whole number, whose errors name the range and no type of .NET.</summary>
internal static class NumberOption
{
    /// <param name="value">Value without the option, which the help shows unless it is 0.</param>
    public static Option<int> Create(string name, string description, int value, int least, int most,
        string? alias = null)
    {
        var option = new Option<int>(name)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result =>
            {
                if (result.Tokens is [{ Value: var text }] && int.TryParse(text, NumberStyles.AllowLeadingSign,
                    CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
                // The largest number of all is only of interest where it is exceeded.
                var range = most == int.MaxValue && !(result.Tokens is [{ Value: var digits }]
                    && digits.All(char.IsAsciiDigit) && digits.Length > 9)
                    ? $", at least {least}" : $" from {least} to {most}";
                result.AddError($"{name} must be a whole number{range}.");
                return value;
            },
        };
        if (value != 0) option.DefaultValueFactory = _ => value;
        if (alias is not null) option.Aliases.Add(alias);
        return option;
    }
}
