using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using ChatShare.Core;
using ChatShare.Core.People;
using ChatShare.Web.Security;

namespace ChatShare.Web.Gateway;

/// <summary>Somebody who has answered <c>NICK</c>.</summary>
/// <param name="Session">A guest's: the protocol has no password.</param>
/// <param name="BelievedName">What the client believes its name to be; the others may know it by another.</param>
internal sealed record Guest(PersonSession Session, string BelievedName);

/// <summary>Asks who a client is and finds a name for it.</summary>
internal sealed partial class Admission(SessionService sessions, AttemptLimits limits, GatewayPace pace, TimeProvider time)
{
    // A client answers by itself, with the same name each time; a person in a terminal may choose another.
    private const int MostTries = 3;
    private const int MostNamesakes = 99;

    /// <summary>Null when the client gave no name that could be used, was told so, or is gone.</summary>
    public async Task<Guest?> AdmitAsync(ClientLine line, ClientInput input, IPAddress? remote, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(pace.Handshake, time);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        for (var tries = 0; tries < MostTries; tries++)
        {
            await line.SendAsync(OldProtocol.Nick, until.Token);
            if (await input.NextLineAsync(until.Token) is not { } answer)
                return null;
            var wanted = (answer as ClientSaid.Text)?.Value.TrimEnd('\r', '\n') ?? "";
            // A browser that was sent here by a page somewhere: its request must become neither a person nor a message.
            if (HttpRequest().IsMatch(wanted))
                return null;
            var (guest, fault) = await NameAsync(wanted, remote, cancellationToken);
            if (guest is not null)
                return guest;
            await line.SayAsync(fault, until.Token);
        }

        return null;
    }

    private async Task<(Guest? Guest, string Fault)> NameAsync(string wanted, IPAddress? remote, CancellationToken cancellationToken)
    {
        var asked = Usable(wanted);
        if (!Nickname.TryParse(asked, out var nickname, out var fault))
            return (null, fault);
        if (!await limits.WaitForTcpJoinAsync(remote, cancellationToken))
            return (null, "Too many are coming from one place. Try again later.");
        for (var number = 2; number <= MostNamesakes; number++)
        {
            try
            {
                return (new Guest(await sessions.JoinForConnectionAsync(nickname, cancellationToken), wanted), "");
            }
            catch (RefusedException e) when (e.Kind == RefusalKind.Taken)
            {
                if (!Nickname.TryParse(Numbered(asked, number), out nickname, out fault))
                    return (null, fault);
            }
        }

        return (null, $"“{asked}” is taken, and so are the names like it.");
    }

    /// <summary>The client cannot ask its person again: what cannot be in a name becomes a dash, and what is too long is cut.</summary>
    private static string Usable(string wanted)
    {
        var name = new StringBuilder();
        foreach (var rune in wanted.EnumerateRunes().Take(Nickname.MaxLength))
        {
            // What else may be wrong with it is for the grammar of names to say.
            name.Append(IsOfNames(rune) ? rune : new Rune('-'));
        }

        return name.ToString();
    }

    private static bool IsOfNames(Rune rune) =>
        Rune.IsLetterOrDigit(rune) || rune.Value is ' ' or '.' or '-' or '_'
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private static string Numbered(string name, int number)
    {
        var ending = string.Create(CultureInfo.InvariantCulture, $"-{number}");
        var kept = name.Trim().EnumerateRunes().Take(Nickname.MaxLength - ending.Length);
        return string.Concat(kept).TrimEnd() + ending;
    }

    /// <summary>The beginning of a request line. One with a long address comes in pieces, and what ends the line is not in the first.</summary>
    [GeneratedRegex(@"^[A-Z]{3,} (/|\S+ HTTP/\d)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HttpRequest();
}
