using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ChatShare.Core.People;

namespace ChatShare.Web.Components.Chat;

/// <summary>
/// Who is connected and not in a room, worked out once for all the pages that show it: with five hundred pages of five hundred people, each
/// for itself was more work than all their messages.
/// </summary>
internal sealed class PeopleInOtherRooms(ConnectedUsers connected, TimeProvider time)
{
    // While many come together somebody comes at every moment.
    private static readonly TimeSpan Freshness = TimeSpan.FromMilliseconds(100);

    // By the list of those who are in the room, which all its pages share.
    private readonly ConditionalWeakTable<PersonHere[], Looked> _looked = [];
    private readonly Lock _gate = new();
    private Everyone? _everyone;

    /// <summary>The people elsewhere, and the version of <see cref="ConnectedUsers.Changed"/> that they are of; any thread may ask.</summary>
    /// <param name="here">Those in the room, as the room gave the list.</param>
    public (ImmutableArray<PersonHere> People, long Version) Than(ImmutableArray<PersonHere> here)
    {
        var key = ImmutableCollectionsMarshal.AsArray(here)!;
        lock (_gate)
        {
            var everyone = EveryoneNow();
            if (!_looked.TryGetValue(key, out var looked) || !ReferenceEquals(looked.Everyone, everyone))
            {
                var ids = here.Select(person => person.PersonId).ToHashSet();
                looked = new Looked(everyone, [.. everyone.People.Where(person => !ids.Contains(person.PersonId))]);
                _looked.AddOrUpdate(key, looked);
            }

            return (looked.People, everyone.Version);
        }
    }

    private Everyone EveryoneNow()
    {
        var version = connected.Changed.Version;
        if (_everyone is { } known && (known.Version == version || time.GetElapsedTime(known.MadeAt) < Freshness))
            return known;
        return _everyone = new Everyone(connected.People(), version, time.GetTimestamp());
    }

    private sealed record Everyone(ImmutableArray<PersonHere> People, long Version, long MadeAt);

    private sealed record Looked(Everyone Everyone, ImmutableArray<PersonHere> People);
}
