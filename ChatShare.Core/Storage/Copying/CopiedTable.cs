using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace ChatShare.Core.Storage.Copying;

/// <summary>What a table holds: two that say the same hold the same rows, whichever engines they are on.</summary>
internal sealed record TableSum(string Table, long Rows, string Sha256);

/// <summary>
/// A table of the model as one engine keeps it. Rows are arrays with the columns in the order of their names, and come in the order of their keys, which is
/// the same with all engines because they sort text by its bytes.
/// </summary>
internal sealed class CopiedTable
{
    // Far below the number of parameters that an engine takes, and few enough that a statement is read quickly.
    private const int RowsInOneStatement = 100;

    private readonly ITable _table;
    private readonly ImmutableArray<Column> _columns;

    private CopiedTable(ITable table)
    {
        _table = table;
        _columns = [.. table.Columns.OrderBy(column => column.Name, StringComparer.Ordinal).Select(column => new Column(column.Name, column.PropertyMappings[0].TypeMapping))];
    }

    public string Name => _table.Name;

    /// <summary>Those that may hold numbers which the engine gives out.</summary>
    public IEnumerable<string> Integers => _columns.Where(column => column.IsInteger).Select(column => column.Name);

    /// <summary>All tables of the model, each behind those that it refers to.</summary>
    public static ImmutableArray<CopiedTable> Of(ChatShareDbContext db)
    {
        var ordered = new List<ITable>();
        var waiting = db.Model.GetRelationalModel().Tables.OrderBy(table => table.Name, StringComparer.Ordinal).ToList();
        while (waiting.Count > 0)
        {
            var next = waiting.First(table => table.ForeignKeyConstraints.All(key => key.PrincipalTable == table || ordered.Contains(key.PrincipalTable)));
            ordered.Add(next);
            waiting.Remove(next);
        }

        return [.. ordered.Select(table => new CopiedTable(table))];
    }

    public async Task<bool> IsEmptyAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, $"SELECT count(*) FROM (SELECT 1 FROM {Quoted(Name)} LIMIT 1) AS one");
        return await command.ExecuteScalarAsync(cancellationToken) is 0L;
    }

    public async Task ClearAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, $"DELETE FROM {Quoted(Name)}");
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <exception cref="InvalidDataException">A row holds what the program never writes.</exception>
    public async IAsyncEnumerable<object?[]> ReadAsync(DbConnection connection, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = Command(
            connection, $"SELECT {Names(_columns.Select(column => column.Name))} FROM {Quoted(Name)} ORDER BY {Names(_table.PrimaryKey!.Columns.Select(column => column.Name))}");
        // Nobody waits for a page: a large table takes as long as it takes.
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            yield return Row(reader);
    }

    /// <summary>Adds rows that were read by the same table of another engine.</summary>
    public async Task WriteAsync(CopiedTable from, DbConnection connection, IReadOnlyList<object?[]> rows, CancellationToken cancellationToken)
    {
        foreach (var some in rows.Chunk(RowsInOneStatement))
        {
            var text = new StringBuilder($"INSERT INTO {Quoted(Name)} ({Names(_columns.Select(column => column.Name))}) VALUES ");
            await using var command = Command(connection, "");
            command.CommandTimeout = 0;
            for (var row = 0; row < some.Length; row++)
            {
                text.Append(row == 0 ? "(" : ", (");
                for (var i = 0; i < _columns.Length; i++)
                {
                    var name = string.Create(CultureInfo.InvariantCulture, $"@p{row}_{i}");
                    text.Append(i == 0 ? "" : ", ").Append(name);
                    command.Parameters.Add(_columns[i].Parameter(command, name, from._columns[i].ToModel(some[row][i])));
                }

                text.Append(')');
            }

#pragma warning disable CA2100 // Names of the model and of parameters.
            command.CommandText = text.ToString();
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>Reads the table to its end.</summary>
    public async Task<TableSum> SumAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        using var sum = new Sum();
        await foreach (var row in ReadAsync(connection, cancellationToken))
            sum.Add(row);
        return sum.Of(Name);
    }

    private object?[] Row(DbDataReader reader)
    {
        try
        {
            return [.. _columns.Select((column, i) => column.Read(reader, i))];
        }
        catch (Exception e) when (e is FormatException or ArgumentException or InvalidCastException or OverflowException)
        {
            throw new InvalidDataException($"A row of table {Name} cannot be read. {e.Message}", e);
        }
    }

    private static DbCommand Command(DbConnection connection, string text)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Names of the model.
        command.CommandText = text;
#pragma warning restore CA2100
        return command;
    }

    private static string Quoted(string name) => $"\"{name}\"";

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(Quoted));

    /// <summary>Adds rows up to a <see cref="TableSum"/>.</summary>
    internal sealed class Sum : IDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly MemoryStream _row = new();
        private long _rows;

        public void Add(object?[] row)
        {
            _row.SetLength(0);
            using (var writer = new BinaryWriter(_row, Encoding.UTF8, leaveOpen: true))
            {
                foreach (var value in row)
                    Add(writer, value);
            }

            _hash.AppendData(_row.GetBuffer(), 0, (int)_row.Length);
            _rows++;
        }

        public TableSum Of(string table) => new(table, _rows, Convert.ToHexStringLower(_hash.GetCurrentHash()));

        public void Dispose() => _hash.Dispose();

        private static void Add(BinaryWriter writer, object? value)
        {
            // Where one value ends is said before it, so that no two rows are the same bytes.
            switch (value)
            {
                case null:
                    writer.Write((byte)0);
                    break;
                case string text:
                    writer.Write((byte)1);
                    writer.Write(text);
                    break;
                case bool or int or long:
                    writer.Write((byte)2);
                    writer.Write(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                    break;
                case Guid id:
                    writer.Write((byte)3);
                    writer.Write(id.ToByteArray());
                    break;
                default:
                    throw new NotSupportedException($"A column of {value.GetType()} is not copied yet.");
            }
        }
    }

    private sealed class Column(string name, RelationalTypeMapping mapping)
    {
        private readonly MethodInfo _read = mapping.GetDataReaderMethod();

        public string Name => name;

        public bool IsInteger => _read.ReturnType == typeof(int) || _read.ReturnType == typeof(long);

        /// <summary>As the engine has it.</summary>
        public object? Read(DbDataReader reader, int ordinal) =>
            reader.IsDBNull(ordinal) ? null : _read.Invoke(reader, BindingFlags.DoNotWrapExceptions, binder: null, [ordinal], CultureInfo.InvariantCulture);

        /// <summary>As the program has it.</summary>
        public object? ToModel(object? value) => value is null || mapping.Converter is null ? value : mapping.Converter.ConvertFromProvider(value);

        public DbParameter Parameter(DbCommand command, string parameter, object? value) => mapping.CreateParameter(command, parameter, value, nullable: true);
    }
}
