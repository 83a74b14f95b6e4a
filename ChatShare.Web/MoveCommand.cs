using ChatShare.Core;
using ChatShare.Core.Storage.Copying;
using Microsoft.Extensions.Options;

namespace ChatShare.Web;

/// <summary>
/// <c>ChatShare.Web move-to-postgresql CONNECTION</c>: copies the SQLite installation that the settings name into an empty database of PostgreSQL, while no
/// server runs.
/// </summary>
internal static class MoveCommand
{
    public const string Name = "move-to-postgresql";

    /// <returns>The exit code: 0 when everything was copied and read back.</returns>
    /// <param name="args">How to reach PostgreSQL, then settings as <c>--Key:Name=value</c>.</param>
    /// <param name="output">Receives what was copied, and what to do now.</param>
    /// <param name="notes">Receives how far it is, and why it cannot run.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter notes, CancellationToken cancellationToken)
    {
        if (args is not [var connectionString, .. var settings] || connectionString.StartsWith("--", StringComparison.Ordinal))
        {
            await notes.WriteLineAsync($"Say where to: ChatShare.Web {Name} 'Host=db.example;Database=chatshare;Username=chatshare;Password=…'");
            return 1;
        }

        try
        {
            // The same settings from the same places as the server's; nothing of it is started.
            await using var app = ChatShareApp.Build(settings);
            var options = app.Services.GetRequiredService<IOptions<ChatShareOptions>>().Value;
            var tables = await DatabaseMove.RunAsync(options, connectionString, new Lines(notes), cancellationToken);
            foreach (var table in tables)
                await output.WriteLineAsync($"{table.Table}: {table.Rows}");
            await output.WriteLineAsync(
                $"{tables.Sum(table => table.Rows)} rows were copied and read back. Now set ChatShare:Storage:Provider to PostgreSql and"
                + " ChatShare:Storage:ConnectionString to the same database, and start. Data and downloads folders stay where they are.");
            return 0;
        }
        catch (Exception e) when (StartFailure.Sentence(e, "move") is { } sentence)
        {
            await notes.WriteLineAsync(sentence);
            return 1;
        }
    }

    private sealed class Lines(TextWriter notes) : IProgress<string>
    {
        public void Report(string value) => notes.WriteLine($"Copying {value}");
    }
}
