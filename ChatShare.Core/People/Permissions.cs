namespace ChatShare.Core.People;

/// <summary>
/// Who may do what: asked here by every door, every time, and nowhere else. A hidden button is no check.
/// All rooms are open to everybody who is signed in; an ended session may do nothing.
/// </summary>
public static class Permissions
{
    /// <summary>May read a room and take its files.</summary>
    public static bool CanRead(PersonSession who) => Alive(who);

    /// <summary>May send messages and files to a room.</summary>
    public static bool CanSend(PersonSession who) => Alive(who);

    /// <summary>May make a room.</summary>
    public static bool CanCreateRoom(PersonSession who) => Alive(who);

    /// <summary>May call off, feed or look after an upload: its sender alone.</summary>
    public static bool CanContinueUpload(PersonSession who, Guid senderPersonId) => Alive(who) && who.PersonId == senderPersonId;

    /// <summary>May stop somebody's upload: its sender and administrators.</summary>
    public static bool CanCancelUpload(PersonSession who, Guid senderPersonId) =>
        CanContinueUpload(who, senderPersonId) || CanAdminister(who);

    /// <summary>
    /// May say that the room's rule does not remove a file: its sender and administrators. Not everybody, because a kept file takes
    /// its space from the others of the room.
    /// </summary>
    public static bool CanKeep(PersonSession who, Guid senderPersonId) => Alive(who) && (who.PersonId == senderPersonId || who.IsAdministrator);

    /// <summary>May take a message back, with its files: its sender and administrators.</summary>
    public static bool CanDeleteMessage(PersonSession who, Guid senderPersonId) => Alive(who) && (who.PersonId == senderPersonId || who.IsAdministrator);

    /// <summary>May pause or call off a download: whose it is alone.</summary>
    public static bool CanControlDownload(PersonSession who, Guid readerPersonId) => Alive(who) && who.PersonId == readerPersonId;

    /// <summary>May see who has taken a file: its sender alone.</summary>
    public static bool CanSeeWhoHasIt(PersonSession who, Guid senderPersonId) => Alive(who) && who.PersonId == senderPersonId;

    /// <summary>May see who is connected, end sessions, delete files and everybody's messages, read the audit list, say what rooms keep.</summary>
    public static bool CanAdminister(PersonSession who) => Alive(who) && who.IsAdministrator;

    /// <summary>Throws unless <paramref name="allowed"/>; an ended session is told so.</summary>
    /// <exception cref="RefusedException">Not allowed.</exception>
    public static void Demand(bool allowed, PersonSession who)
    {
        ArgumentNullException.ThrowIfNull(who);
        if (allowed)
            return;
        throw who.IsAlive
            ? new RefusedException(RefusalKind.NotPermitted, "You may not do this.")
            : new RefusedException(RefusalKind.SessionEnded, who.EndReason ?? "You have left. Join again to go on.");
    }

    private static bool Alive(PersonSession who)
    {
        ArgumentNullException.ThrowIfNull(who);
        return who.IsAlive;
    }
}
