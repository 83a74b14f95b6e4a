using ChatShare.Core;
using ChatShare.Core.Files;
using Microsoft.Extensions.Options;

namespace ChatShare.Web;

/// <summary>
/// <c>ChatShare.Web scrub</c>: checks every stored file against its SHA-256, also while the server runs. Changes nothing.
/// </summary>
internal static class ScrubCommand
{
    public const string Name = "scrub";

    /// <returns>The exit code: 0 when every file can be had as it was shared.</returns>
    /// <param name="args">Settings as <c>--Key:Name=value</c>.</param>
    /// <param name="output">Receives the findings.</param>
    /// <param name="notes">Receives how far it is, and why it cannot run.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter notes, CancellationToken cancellationToken)
    {
        try
        {
            // The same settings from the same places as the server's; nothing of it is started.
            await using var app = ChatShareApp.Build(args);
            var options = app.Services.GetRequiredService<IOptions<ChatShareOptions>>();
            var report = await Scrub.RunBesideServerAsync(options, new Progress(new Ticker(notes)), cancellationToken);
            foreach (var fault in report.Faults.OrderBy(fault => fault.Kind).ThenBy(fault => fault.Room, StringComparer.Ordinal))
                await output.WriteLineAsync(Describe(fault));
            await output.WriteLineAsync($"{Count(report.Contents, "content")}, {ByteSize.Format(report.Bytes)}: {Verdict(report)}");
            return report.IsWhole ? 0 : 1;
        }
        catch (Exception e) when (StartFailure.Sentence(e, Name) is { } sentence)
        {
            await notes.WriteLineAsync(sentence);
            return 1;
        }
    }

    private static string Describe(ScrubFault fault) => fault.Kind == ScrubFaultKind.Unnamed
        ? $"unnamed: {fault.Content} belongs to no file"
        : $"{fault.Kind.ToString().ToLowerInvariant()}: “{fault.Name}” of {fault.Sender} in {fault.Room} ({fault.Content})";

    private static string Verdict(ScrubReport report)
    {
        var bad = report.Faults.Count(fault => fault.Kind != ScrubFaultKind.Unnamed);
        var unnamed = report.Faults.Length - bad;
        return (bad == 0 ? "nothing is wrong" : $"{Count(bad, "file")} not as shared")
            + (unnamed == 0 ? "." : $", {Count(unnamed, "content")} of no file.");
    }

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    /// <summary>In words.</summary>
    private sealed class Progress(Ticker ticker) : IProgress<ScrubProgress>
    {
        public void Report(ScrubProgress value) => ticker.Report($"{value.Checked} of {value.Contents} contents, {ByteSize.Format(value.Bytes)}");
    }
}
