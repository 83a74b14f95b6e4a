using System.Globalization;

namespace ChatShare.Tests.Cluster;

/// <summary>A message as somebody has it.</summary>
/// <param name="Number">Its place in the room.</param>
/// <param name="ClientId">Its sender's own id for it.</param>
internal sealed record Had(long Number, string ClientId)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number} ({ClientId})");
}

/// <summary>What is promised of a room: every acknowledged message exactly once, in order, for everyone.</summary>
internal static class OnceInOrder
{
    /// <summary>Compares what was acknowledged, what the database has, and what each reader has seen.</summary>
    /// <param name="acknowledged">What senders were told, by their own ids.</param>
    /// <param name="stored">The database's rows by their numbers.</param>
    /// <param name="views">What each reader has got, as it came; a view that begins later than the room does has to be whole from there on.</param>
    /// <param name="others">Numbers that something else than these messages has taken; null for none.</param>
    /// <returns>What is wrong, a sentence each.</returns>
    public static IReadOnlyList<string> Faults(
        IReadOnlyDictionary<string, long> acknowledged, IReadOnlyList<Had> stored, IReadOnlyDictionary<string, View> views, IReadOnlySet<long>? others = null)
    {
        var faults = new List<string>();
        var next = 1L;
        foreach (var message in stored)
        {
            while (others?.Contains(next) == true)
                next++;
            if (message.Number != next)
            {
                faults.Add($"The database has {message} in the place of {next}.");
                break;
            }

            next++;
        }

        var places = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var message in stored)
        {
            if (!places.TryAdd(message.ClientId, message.Number))
                faults.Add($"The database has {message}, and had it as {places[message.ClientId]} before.");
            else if (!acknowledged.TryGetValue(message.ClientId, out var told))
                faults.Add($"The database has {message}, which nobody was told of.");
            else if (told != message.Number)
                faults.Add($"The database has {message}, whose sender was told {told}.");
        }

        faults.AddRange(acknowledged.Where(told => !places.ContainsKey(told.Key)).Select(told => $"{new Had(told.Value, told.Key)} was acknowledged and is lost."));
        foreach (var (who, view) in views)
        {
            var expected = view.IsWhole ? stored : [.. stored.SkipWhile(message => message.Number < (view.Messages.Count > 0 ? view.Messages[0].Number : 0))];
            var same = expected.Zip(view.Messages).TakeWhile(pair => pair.First == pair.Second).Count();
            if (same < expected.Count || same < view.Messages.Count)
                faults.Add($"{who} has {At(view.Messages, same)} where the database has {At(expected, same)}.");
        }

        return faults;

        static string At(IReadOnlyList<Had> messages, int place) => place < messages.Count ? messages[place].ToString() : "nothing";
    }
}

/// <summary>What one reader has got.</summary>
/// <param name="Messages">As it came.</param>
/// <param name="IsWhole">False for a page, which shows the newest alone.</param>
internal sealed record View(IReadOnlyList<Had> Messages, bool IsWhole = true);
