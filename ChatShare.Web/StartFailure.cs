using ChatShare.Core.Storage;
using ChatShare.Web.Telemetry;
using Microsoft.Extensions.Options;

namespace ChatShare.Web;

/// <summary>The reasons not to start that whoever started the program can do something about.</summary>
internal static class StartFailure
{
    /// <summary>One line, or null for a fault of the program, which shows its stack trace.</summary>
    /// <param name="e">What happened.</param>
    /// <param name="what">What the program was to do.</param>
    public static string? Sentence(Exception e, string what = "start") => e switch
    {
        StorageException => e.Message,
        OptionsValidationException invalid => string.Join(Environment.NewLine, invalid.Failures),
        IOException or UnauthorizedAccessException => $"ChatShare cannot {what}: {e.Message}",
        InvalidDataException or FormatException => $"The settings cannot be read: {InOneLine(e)}",
        _ => null,
    };

    /// <summary>The outermost names the file, the innermost the fault in it.</summary>
    private static string InOneLine(Exception e) =>
        string.Join(' ', new[] { e, e.GetBaseException() }.Select(each => each.Message).Distinct()).ReplaceLineEndings(" ");

    /// <summary>What the framework would complain of later without naming the setting, or with a stack trace.</summary>
    /// <exception cref="OptionsValidationException">A setting cannot be used.</exception>
    public static void CheckSettings(IConfiguration configuration)
    {
        ListenAddresses.Check(configuration);
        // OpenTelemetry would say nothing and send to its default.
        foreach (var key in TelemetryServices.EndpointKeys)
        {
            if (configuration[key] is { Length: > 0 } receiver && !(Uri.TryCreate(receiver, UriKind.Absolute, out var address) && address.Scheme is ("http" or "https")))
                throw new OptionsValidationException(key, typeof(string), [$"{key} is \"{receiver}\", which is not an address such as http://localhost:4317."]);
        }

        // It would end the program with a stack trace. What they say is a secret.
        foreach (var key in TelemetryServices.HeaderKeys)
        {
            if (configuration[key] is { Length: > 0 } headers && !AreHeaders(Uri.UnescapeDataString(headers)))
                throw new OptionsValidationException(key, typeof(string), [$"{key} cannot be read; it has to be such as name=value,other=value."]);
        }

        foreach (var level in LevelsOf(configuration.GetSection("Logging")))
        {
            if (!Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out _))
                throw new OptionsValidationException(level.Path, typeof(LogLevel), [$"{level.Path} is \"{level.Value}\", which is not a level such as Information."]);
        }
    }

    /// <summary>As OpenTelemetry reads them, which takes a comma at the end.</summary>
    private static bool AreHeaders(string list) =>
        (list.EndsWith(',') ? list[..^1] : list).Split(',').All(header => header.IndexOf('=', StringComparison.Ordinal) > 0);

    private static IEnumerable<IConfigurationSection> LevelsOf(IConfigurationSection logging) =>
        logging.GetSection("LogLevel").GetChildren()
            .Concat(logging.GetChildren().SelectMany(provider => provider.GetSection("LogLevel").GetChildren()))
            .Where(level => level.Value is not null);
}
