using Microsoft.Data.Sqlite;

namespace ChatShare.Tests.Support;

/// <summary>
/// A database as it is after all migrations, to begin with. Hundreds of tests start a server of their own, and each would wait for the disk
/// until its tables are made; those of <see cref="BareCore"/> and of <see cref="ServerProcess.StartAsync"/> are made afresh.
/// </summary>
internal static class MigratedDatabase
{
    private static readonly Lazy<Task<byte[]>> Content = new(MakeAsync);

    /// <summary>Puts it into a data folder that is not there yet; otherwise does nothing.</summary>
    public static async Task PutAsync(string dataDirectory)
    {
        if (Directory.Exists(dataDirectory))
            return;
        Directory.CreateDirectory(dataDirectory);
        await File.WriteAllBytesAsync(Path.Combine(dataDirectory, "chatshare.db"), await Content.Value);
    }

    private static async Task<byte[]> MakeAsync()
    {
        await using var core = await BareCore.StartAsync();
        await using (var connection = new SqliteConnection(core.SqliteConnectionString))
        {
            await connection.OpenAsync(CancellationToken.None);
            await using var command = connection.CreateCommand();
            // Each server is to make its own epoch, and has a downloads folder of its own. The rest lies beside the file until it is brought in.
            command.CommandText = """DELETE FROM "Facts"; PRAGMA wal_checkpoint(TRUNCATE);""";
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }

        return await File.ReadAllBytesAsync(Path.Combine(core.DataDirectory, "chatshare.db"), CancellationToken.None);
    }
}
