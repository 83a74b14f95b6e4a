using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Web.Security;
using Microsoft.Extensions.Options;

namespace ChatShare.Web;

/// <summary>
/// <c>ChatShare.Web backup FOLDER</c>, also while the server runs, and <c>ChatShare.Web restore FOLDER [--replace]</c>, while none does.
/// </summary>
internal static class BackupCommand
{
    public const string Backup = "backup";
    public const string Restore = "restore";
    public const string Replace = "--replace";

    /// <returns>The exit code: 0 when everything is in the backup.</returns>
    /// <param name="args">The folder, then settings as <c>--Key:Name=value</c>.</param>
    /// <param name="output">Receives what was copied.</param>
    /// <param name="notes">Receives how far it is, and why it cannot run.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<int> BackupAsync(string[] args, TextWriter output, TextWriter notes, CancellationToken cancellationToken) => RunAsync(
        Backup, args, notes, async (app, options, folder, progress) =>
        {
            var report = await Core.Storage.Copying.Backup.RunAsync(options, folder, new KeyCopy(app.Services).SaveAsync, progress, cancellationToken);
            await output.WriteLineAsync($"{folder} has {report.Rows} rows and {report.Contents} contents of files, {ByteSize.Format(report.Bytes)}.");
            if (report.Lost > 0)
                await notes.WriteLineAsync($"{report.Lost} contents are missing or damaged in the downloads folder; \"scrub\" says whose they are.");
            return report.Lost == 0;
        });

    /// <returns>The exit code: 0 when everything was restored.</returns>
    /// <param name="args">The folder, <c>--replace</c> or not, then settings as <c>--Key:Name=value</c>.</param>
    /// <param name="output">Receives what was restored.</param>
    /// <param name="notes">Receives how far it is, and why it cannot run.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<int> RestoreAsync(string[] args, TextWriter output, TextWriter notes, CancellationToken cancellationToken) => RunAsync(
        Restore, [.. args.Where(arg => arg != Replace)], notes, async (app, options, folder, progress) =>
        {
            var report = await Core.Storage.Copying.Restore.RunAsync(
                options, folder, args.Contains(Replace), new KeyCopy(app.Services).RestoreAsync, progress, cancellationToken);
            if (report.SetAside is { } aside)
                await output.WriteLineAsync($"The database that was here could not be read any more; it is kept as {aside}.");
            await output.WriteLineAsync(
                $"The backup of {report.MadeAt:u} is restored: {report.Rows} rows and {report.Contents} contents of files, {ByteSize.Format(report.Bytes)}."
                + $" {report.EndedUploads} uploads that were under way have ended.");
            if (report.Lost > 0)
                await notes.WriteLineAsync($"{report.Lost} contents are missing or damaged in the backup; \"scrub\" says whose they are.");
            return report.Lost == 0;
        });

    private static async Task<int> RunAsync(
        string name, string[] args, TextWriter notes, Func<WebApplication, ChatShareOptions, string, IProgress<string>, Task<bool>> act)
    {
        if (args is not [var folder, .. var settings] || string.IsNullOrWhiteSpace(folder) || folder.StartsWith("--", StringComparison.Ordinal))
        {
            await notes.WriteLineAsync($"Name a folder: ChatShare.Web {name} /srv/backup/monday");
            return 1;
        }

        // A folder of this name can still be named, as ./-x.
        if (folder.StartsWith('-'))
            return await CommandLine.RefuseAsync(folder, notes, "option");
        try
        {
            // The same settings from the same places as the server's; nothing of it is started.
            await using var app = ChatShareApp.Build(settings);
            var options = app.Services.GetRequiredService<IOptions<ChatShareOptions>>().Value;
            return await act(app, options, folder, new Ticker(notes)) ? 0 : 1;
        }
        catch (Exception e) when (StartFailure.Sentence(e, name) is { } sentence)
        {
            await notes.WriteLineAsync(sentence);
            return 1;
        }
    }
}
