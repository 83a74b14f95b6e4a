using System.Diagnostics;
using ChatShare.Core.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace ChatShare.Benchmarks.Appending;

/// <summary>What SQLite gives when nobody stands before it: one thread, one prepared INSERT, transactions of a given size.</summary>
internal sealed class BareLog : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _insert;
    private readonly Guid _person = Guid.NewGuid();
    private long _number;

    public BareLog(string connectionString)
    {
        _connection = new SqliteConnection(connectionString);
        _connection.Open();
        SqliteEngine.Prepare(_connection);
        Expect("PRAGMA journal_mode = WAL", "wal");
        Expect("PRAGMA synchronous", "2");
        _begin = Command("BEGIN IMMEDIATE");
        _commit = Command("COMMIT");
        _insert = Command(
            """
            INSERT INTO "Messages" ("RoomId", "Number", "Changed", "Ordinal", "PersonId", "SenderName", "Door", "SentAt", "Text", "ClientId", "Deleted")
            VALUES (1, $number, $number, $number, $person, 'Sender1', 2, $at, $text, $client, 0)
            """);
        foreach (var name in (string[])["$number", "$person", "$at", "$text", "$client"])
            _insert.Parameters.Add(new SqliteParameter { ParameterName = name });
        _insert.Prepare();
    }

    /// <returns>Committed messages a second.</returns>
    public double Run(int batch, TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        var count = 0L;
        while (watch.Elapsed < time)
        {
            _begin.ExecuteNonQuery();
            for (var i = 0; i < batch; i++)
                Insert();
            _commit.ExecuteNonQuery();
            count += batch;
        }

        return count / watch.Elapsed.TotalSeconds;
    }

    public void Dispose() => _connection.Dispose();

    private void Insert()
    {
        _insert.Parameters[0].Value = ++_number;
        _insert.Parameters[1].Value = _person;
        _insert.Parameters[2].Value = DateTime.UtcNow.Ticks;
        _insert.Parameters[3].Value = Sample.Text;
        _insert.Parameters[4].Value = Sample.NewClientId();
        _insert.ExecuteNonQuery();
    }

    private void Expect(string pragma, string value)
    {
        using var command = Command(pragma);
        if (command.ExecuteScalar()?.ToString() is var found && found != value)
            throw new InvalidOperationException($"{pragma} is {found}, not {value}.");
    }

    private SqliteCommand Command(string sql)
    {
        var command = _connection.CreateCommand();
#pragma warning disable CA2100 // Every text is a literal of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }
}
