using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using ChatShare.Core.People;
using Microsoft.AspNetCore.Components;

namespace ChatShare.Web.Components.Chat;

/// <summary>
/// Somebody's line in the list of people: safe HTML, made once for each <see cref="PersonHere"/> and shared by everybody, who all have the same
/// objects. The nickname is encoded here.
/// </summary>
internal sealed class PersonLine
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(System.Text.Unicode.UnicodeRanges.All);
    private static readonly ConditionalWeakTable<PersonHere, PersonLine> Made = [];

    private PersonLine(PersonHere person)
    {
        Class = $"person c{PersonFace.Color(person.Nickname)}{(person.State == PresenceState.Away ? " away" : "")}";
        Initials = PersonFace.Initials(person.Nickname);
        Content = Make(person, isMe: false);
    }

    /// <summary>The classes of the line.</summary>
    public string Class { get; }

    /// <summary>What stands on the disc.</summary>
    public string Initials { get; }

    /// <summary>As others see it.</summary>
    public MarkupString Content { get; }

    public static PersonLine Of(PersonHere person) => Made.GetValue(person, one => new PersonLine(one));

    /// <summary>As they see it themselves.</summary>
    public static MarkupString ContentForMe(PersonHere person) => Make(person, isMe: true);

    private static MarkupString Make(PersonHere person, bool isMe)
    {
        var html = new StringBuilder(160).Append("<bdi>").Append(Encoder.Encode(person.Nickname)).Append("</bdi>");
        if (isMe)
            html.Append("<span class=\"you\"> (you)</span>");
        if (person.Doors[0].Mark() is { } mark)
            html.Append("<span class=\"door\">").Append(mark).Append("</span>");
        html.Append(person.State == PresenceState.Away
            ? "<span class=\"person-note\">away</span><span class=\"presence\" aria-hidden=\"true\"></span>"
            : "<span class=\"presence\" aria-hidden=\"true\"></span><span class=\"visually-hidden\">here</span>");
        return new MarkupString(html.ToString());
    }
}
