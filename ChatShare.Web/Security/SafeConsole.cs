using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Console;

namespace ChatShare.Web.Security;

/// <summary>
/// The console's log without anything that a terminal would obey and without endless lines. What people send gets into it, not only by our own
/// words: a browser says by itself how a page of it has failed, and the framework writes that down.
/// </summary>
[ProviderAlias("Console")]
internal sealed class SafeConsole(ILoggerProvider inner) : ILoggerProvider, ISupportExternalScope
{
    /// <summary>Longer ones are cut.</summary>
    internal const int MostCharacters = 16_000;

    public static void Use(ILoggingBuilder logging)
    {
        var console = logging.Services.FirstOrDefault(service => service.ServiceType == typeof(ILoggerProvider) && service.ImplementationType == typeof(ConsoleLoggerProvider));
        if (console is null)
            return;
        logging.Services.Remove(console);
        logging.Services.AddSingleton<ConsoleLoggerProvider>();
        logging.Services.AddSingleton<ILoggerProvider>(provider => new SafeConsole(provider.GetRequiredService<ConsoleLoggerProvider>()));
    }

    public ILogger CreateLogger(string categoryName) => new Logger(inner.CreateLogger(categoryName));

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => (inner as ISupportExternalScope)?.SetScopeProvider(scopeProvider);

    public void Dispose()
    {
        // The inner one is the container's, which made it.
    }

    /// <summary>The same text when there is nothing to hide.</summary>
    internal static string Safe(string text)
    {
        if (text.Length <= MostCharacters && !text.Any(IsObeyed))
            return text;
        var safe = new StringBuilder(Math.Min(text.Length, MostCharacters));
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, MostCharacters)))
        {
            if (IsObeyed(c))
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                safe.Append(c);
        }

        return text.Length > MostCharacters ? safe.Append(CultureInfo.InvariantCulture, $"… ({text.Length - MostCharacters} more)").ToString() : safe.ToString();
    }

    /// <summary>Line feeds stay: every formatter sets them in, so that no line of it looks like one of its own.</summary>
    private static bool IsObeyed(char c) => c is not ('\n' or '\t') && (char.IsControl(c) || CharUnicodeInfo.GetUnicodeCategory(c)
        is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    private sealed class Logger(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;
            var (message, fault) = (formatter(state, exception), exception?.ToString().ReplaceLineEndings("\n"));
            var (safeMessage, safeFault) = (Safe(message), fault is null ? null : Safe(fault));
            // As it is where it can be: a formatter for machines wants the parts.
            if (ReferenceEquals(safeMessage, message) && ReferenceEquals(safeFault, fault))
                inner.Log(logLevel, eventId, state, exception, formatter);
            else
                inner.Log(logLevel, eventId, safeFault is null ? safeMessage : $"{safeMessage}\n{safeFault}", null, (text, _) => text);
        }
    }
}
