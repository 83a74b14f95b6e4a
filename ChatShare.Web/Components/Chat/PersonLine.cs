using System.Runtime.CompilerServices;
using ChatShare.Core.People;

namespace ChatShare.Web.Components.Chat;

/// <summary>
/// What is worked out from somebody's name for their line in the list of people: once for each <see cref="PersonHere"/>, since all pages have the
/// same objects and draw them whenever anybody comes or goes.
/// </summary>
internal sealed class PersonLine
{
    private static readonly ConditionalWeakTable<PersonHere, PersonLine> Made = [];

    private PersonLine(PersonHere person)
    {
        Class = $"person c{PersonFace.Color(person.Nickname)}{(person.State == PresenceState.Away ? " away" : "")}";
        Initials = PersonFace.Initials(person.Nickname);
    }

    /// <summary>The classes of the line.</summary>
    public string Class { get; }

    /// <summary>What stands on the disc.</summary>
    public string Initials { get; }

    /// <summary>May be called from any thread.</summary>
    public static PersonLine Of(PersonHere person) => Made.GetValue(person, one => new PersonLine(one));
}
