using System.Globalization;
using ChatShare.Core.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace ChatShare.Tests.Storage;

/// <summary>
/// Rows for every entity of the model with every column set to something that is not its default, and what a database holds, both by the model: an entity or a
/// column that is added to it is in here by itself.
/// </summary>
internal static class FullDatabase
{
    /// <summary>Writes one row for each entity.</summary>
    /// <returns>The values that were not set, by name.</returns>
    public static async Task<IReadOnlyList<string>> FillAsync(ChatShareDbContext db, CancellationToken cancellationToken)
    {
        var made = new Dictionary<IEntityType, object>();
        var unset = new List<string>();
        var next = 1;
        while (made.Count < db.Model.GetEntityTypes().Count())
        {
            var type = db.Model.GetEntityTypes().First(t => !made.ContainsKey(t) && t.GetForeignKeys().All(key => made.ContainsKey(key.PrincipalEntityType)));
            var entity = Activator.CreateInstance(type.ClrType, nonPublic: true)!;
            var entry = db.Entry(entity);
            foreach (var property in type.GetProperties())
                entry.Property(property.Name).CurrentValue = property.IsForeignKey() ? Referred(property) : Value(property, next++);
            unset.AddRange(type.GetProperties().Where(p => IsDefault(entry.Property(p.Name).CurrentValue)).Select(p => $"{type.ShortName()}.{p.Name}"));
            entry.State = EntityState.Added;
            made.Add(type, entity);
        }

        await db.SaveChangesAsync(cancellationToken);
        return unset;

        object? Referred(IProperty property)
        {
            var key = property.GetContainingForeignKeys().First();
            return db.Entry(made[key.PrincipalEntityType]).Property(key.PrincipalKey.Properties[key.Properties.ToList().IndexOf(property)].Name).CurrentValue;
        }
    }

    /// <summary>Everything that is in it, a line for each value.</summary>
    public static async Task<IReadOnlyList<string>> ReadAsync(ChatShareDbContext db, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        foreach (var type in db.Model.GetEntityTypes())
        {
            await db.LoadAsync(type.ClrType, cancellationToken);
            foreach (var entry in db.ChangeTracker.Entries().Where(entry => entry.Metadata == type))
            {
                var key = string.Join(',', type.FindPrimaryKey()!.Properties.Select(p => entry.Property(p.Name).CurrentValue));
                lines.AddRange(type.GetProperties().Select(p =>
                    string.Create(CultureInfo.InvariantCulture, $"{type.ShortName()}({key}).{p.Name} = {Text(entry.Property(p.Name).CurrentValue)}")));
            }
        }

        return [.. lines.Order(StringComparer.Ordinal)];
    }

    private static async Task LoadAsync(this ChatShareDbContext db, Type type, CancellationToken cancellationToken)
    {
        var set = (IQueryable<object>)typeof(DbContext).GetMethod(nameof(DbContext.Set), 1, [])!.MakeGenericMethod(type).Invoke(db, [])!;
        await set.LoadAsync(cancellationToken);
    }

    private static string Text(object? value) => value switch
    {
        null => "null",
        DateTimeOffset time => time.ToString("O", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => $"\"{value}\"",
    };

    private static bool IsDefault(object? value) => value is null or "" || (value.GetType().IsValueType && value.Equals(Activator.CreateInstance(value.GetType())));

    private static object Value(IProperty property, int number)
    {
        var type = Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType;
        if (type == typeof(string))
            return string.Create(CultureInfo.InvariantCulture, $"{property.Name} {number} “ä\n𝄞'\"");
        if (type == typeof(Guid))
            return new Guid(number, 0x1B, 0x2A, 9, 8, 7, 6, 5, 4, 3, 2);
        if (type == typeof(DateTimeOffset))
            return new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(number);
        if (type == typeof(bool))
            return true;
        if (type.IsEnum)
            return Enum.GetValues(type).GetValue(1)!;
        return Convert.ChangeType(type == typeof(long) ? (1L << 40) + number : 1000 + number, type, CultureInfo.InvariantCulture);
    }
}
