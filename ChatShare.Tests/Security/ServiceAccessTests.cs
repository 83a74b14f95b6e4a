using System.Reflection;
using ChatShare.Core;
using ChatShare.Core.Cluster;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage;
using ChatShare.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ChatShare.Tests.Security;

/// <summary>
/// Buttons, forms and scripts of the pages do what they do through the services of Core. Each public method there is called by somebody
/// whose session has ended and by a guest: it refuses, or stands below with the reason why it asks nobody. One that is new fails here.
/// </summary>
public sealed class ServiceAccessTests
{
    /// <summary>They are not told who asks, because it makes no difference or because they are the ones who find out.</summary>
    private static readonly string[] AskNobody =
    [
        // Who is who: these make the session, find it, or end it, and stand before every question of this kind.
        "AccountService.CheckPasswordAsync", "AccountService.CreateAdministratorAsync", "AccountService.HasAdministratorAsync",
        "SessionService.EndAsync", "SessionService.EndPersonAsync", "SessionService.EndReasonAsync", "SessionService.FindAsync", "SessionService.JoinAsync",
        "SessionService.JoinForConnectionAsync", "SessionService.NicknameAsync", "SessionService.SignInAsync", "SetupLink.IsValidAsync", "SetupLink.IssueAsync",
        // What everybody sees on every page, or a look that hands out nothing.
        "ActiveDownloads.ChangedFor", "ChatShareMetrics.Refused", "ConnectedUsers.CountOf", "ConnectedUsers.IsConnected", "ConnectedUsers.IsHere", "ConnectedUsers.List", "ConnectedUsers.People",
        "DownloadsHealth.Look", "FileDirectory.DemandContents", "RoomService.Find",
        "UploadService.FaultOf", "UploadService.Find", "WhoHasIt.ChangedFor",
        // What is asked for is found by somebody's right, or is one's own, before these are called.
        "ActiveDownloads.Of", "AuditLog.ListAsync", "AuditLog.WriteAsync", "ReadMarks.Mark", "ReadMarks.OfAsync", "Thumbnails.FindAsync", "Upload.FailAsync",
    ];

    /// <summary>They are told who, and refuse nobody: what they do is for that person's own sake and shows or changes nothing.</summary>
    private static readonly string[] RefuseNobody =
    [
        // They note something of this very person.
        "ActiveDownloads.Begin", "ActiveDownloads.BeginArchive", "ConnectedUsers.Connect", "ConnectedUsers.Saw", "RoomSession.ForgetBacklog", "SessionService.JoinAsync", "WhoHasIt.TookAsync",
        // The link decides, whoever shows it; who it is only gives up their name.
        "SetupLink.UseAsync",
        // They find nothing and do nothing, and say no more than that.
        "ActiveDownloads.Find", "ActiveDownloads.WasCancelled", "AlreadyHere.SameLengthsAsync", "RoomSession.SetTyping", "UploadService.FindReadyAsync", "WhoHasIt.NamesAsync",
    ];

    /// <summary>A guest is refused: what they do is for administrators, or for whose file or upload it is.</summary>
    private static readonly string[] NotForGuests =
    [
        "Administration.AuditAsync", "Administration.DeleteFileAsync", "Administration.DeleteMessageAsync", "Administration.DisconnectAsync", "Administration.NewestMessagesAsync",
        "FileDirectory.LargestAsync", "FileDirectory.RoomsAsync", "FileRemoval.DeleteAsync", "FileRemoval.DeleteMessageAsync", "Scrub.RunAsync", "StorageCleaning.ApplyRuleAsync",
        "StorageCleaning.CleanAsync", "StorageCleaning.PreviewAsync", "StorageCleaning.PreviewRuleAsync", "StorageReport.ReadAsync",
        // Of whoever has the link.
        "SetupLink.UseAsync",
        // Of the sender.
        "AlreadyHere.TryFinishAsync", "FileDirectory.MetadataAsync", "FileKeeping.KeepAsync", "OwnUploads.SampleAsync", "Upload.AppendAsync", "Upload.CancelAsync", "UploadService.CancelAsync", "UploadService.FindOwnAsync",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Whatever_is_not_told_who_asks_is_known() =>
        AssertSame(AskNobody, Methods().Where(method => !Asks(method)).Select(Name));

    [Fact]
    public async Task Whoever_has_left_may_do_nothing_and_a_guest_not_what_is_others()
    {
        await using var host = await CoreHost.StartAsync(Cancel);
        await using var owner = await host.EnterAsync("Owner", Cancel);
        var subjects = new Subjects(
            host.Lobby, await owner.SayAsync("something", Cancel), (await host.ShareAsync(owner, "a.txt", [1, 2, 3], Cancel)).File,
            await host.OfferAsync(owner, "b.txt", 10, Cancel));
        await using var guest = await host.EnterAsync("Guest", Cancel);
        await using var gone = await host.EnterAsync("Gone", Cancel);
        await host.Sessions.EndAsync(gone.Participant.Session.Id, "They were disconnected.", Cancel);

        var ofTheGone = new List<string>();
        var ofGuests = new List<string>();
        foreach (var method in Methods().Where(Asks))
        {
            if (await RefusalAsync(host, method, gone, subjects) is not RefusalKind.SessionEnded)
                ofTheGone.Add(Name(method));
            if (await RefusalAsync(host, method, guest, subjects) is RefusalKind.NotPermitted)
                ofGuests.Add(Name(method));
        }

        AssertSame(RefuseNobody, ofTheGone);
        AssertSame(NotForGuests, ofGuests);
    }

    private static void AssertSame(IReadOnlyCollection<string> known, IEnumerable<string> found)
    {
        string[] all = [.. found.Distinct()];
        Assert.Equal("", string.Join(", ", all.Except(known)));
        Assert.Equal("", string.Join(", ", known.Except(all)));
    }

    /// <summary>What can be called on the services themselves and on what they hand out.</summary>
    private static IEnumerable<MethodInfo> Methods()
    {
        var services = new ServiceCollection();
        services.AddChatShareCore(new ConfigurationBuilder().Build(), "/");
        return services.Select(service => service.ServiceType).Where(type => type.Assembly == typeof(Permissions).Assembly && type is { IsPublic: true, IsClass: true })
            .Append(typeof(RoomSession)).Append(typeof(Upload)).Distinct()
            .Where(type => !type.IsSubclassOf(typeof(Microsoft.EntityFrameworkCore.DbContext)) && type != typeof(Database) && type != typeof(RedisConnection))
            .SelectMany(type => type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .Where(method => !method.IsSpecialName && method.Name is not ("Dispose" or "DisposeAsync" or "StartAsync" or "StopAsync" or "ToString"));
    }

    private static string Name(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}";

    /// <summary>A place in a room is somebody's.</summary>
    private static bool Asks(MethodInfo method) =>
        method.DeclaringType == typeof(RoomSession)
        || method.GetParameters().Any(parameter => parameter.ParameterType == typeof(PersonSession) || parameter.ParameterType == typeof(Participant) || parameter.ParameterType == typeof(RoomSession));

    private static async Task<RefusalKind?> RefusalAsync(CoreHost host, MethodInfo method, RoomSession who, Subjects subjects)
    {
        var target = method.DeclaringType == typeof(RoomSession) ? who
            : method.DeclaringType == typeof(Upload) ? subjects.Upload
            : host.GetType().GetMethod(nameof(CoreHost.Get))!.MakeGenericMethod(method.DeclaringType!).Invoke(host, null);
        try
        {
            switch (method.Invoke(target, [.. method.GetParameters().Select(parameter => Argument(parameter, who, subjects))]))
            {
                case Task task:
                    await task;
                    break;
                case IAsyncEnumerable<long> sequence:
                    await foreach (var item in sequence.WithCancellation(Cancel))
                        return null;
                    break;
                case IAsyncEnumerable<IReadOnlyList<RoomEvent>> events:
                    // Nothing happens in the room; of somebody who has left they end.
                    await using (var reading = events.GetAsyncEnumerator(Cancel))
                        return !who.Participant.Session.IsAlive && !await reading.MoveNextAsync() ? RefusalKind.SessionEnded : null;
            }

            return null;
        }
        catch (Exception e) when (((e as TargetInvocationException)?.InnerException ?? e) is RefusedException refused)
        {
            return refused.Kind;
        }
    }

    private static object? Argument(ParameterInfo parameter, RoomSession who, Subjects subjects) => parameter.ParameterType switch
    {
        var type when type == typeof(PersonSession) => who.Participant.Session,
        var type when type == typeof(Participant) => who.Participant,
        var type when type == typeof(RoomSession) => who,
        var type when type == typeof(Room) => subjects.Room,
        var type when type == typeof(ChatMessage) => subjects.Message,
        var type when type == typeof(SharedFile) => subjects.File,
        // Of what is somebody else's, and there.
        var type when type == typeof(FileId) => Name((MethodInfo)parameter.Member) is "OwnUploads.SampleAsync" or "AlreadyHere.TryFinishAsync" or "UploadService.CancelAsync" ? subjects.Upload.Id : subjects.File.Id,
        var type when type == typeof(IEnumerable<FileId>) || type == typeof(IReadOnlyCollection<FileId>) => new[] { subjects.File.Id },
        var type when type == typeof(Nickname) => Make.Nickname("Somebody"),
        var type when type == typeof(RoomName) => Make.RoomName($"Room {Guid.NewGuid():N}"[..30]),
        var type when type == typeof(MessageText) => Make.Text("hello"),
        var type when type == typeof(SearchWords) => SearchWords.TryParse("hello", out var words, out _) ? words : null,
        var type when type == typeof(UploadRequest) => Make.File("c.txt", 1),
        var type when type == typeof(IReadOnlyList<UploadRequest>) => new[] { Make.File("c.txt", 1) },
        var type when type == typeof(IEnumerable<long>) => new[] { 1L },
        var type when type == typeof(KeepRule) => new KeepRule(30, null),
        var type when type == typeof(CleaningFilter) => new CleaningFilter { OlderThanDays = 1000 },
        var type when type == typeof(FileName) => FileName.Clean("c.zip"),
        var type when type == typeof(IEnumerable<ArchivedFile>) => Array.Empty<ArchivedFile>(),
        var type when type == typeof(Stream) => new MemoryStream([1]),
        var type when type == typeof(CancellationToken) => Cancel,
        var type when type == typeof(string) && parameter.Name == "sha256" => subjects.File.Sha256,
        var type when type == typeof(string) => Make.ClientId(),
        var type when type == typeof(int) => 1,
        var type when type == typeof(long) => 1L,
        { IsValueType: true } type => Activator.CreateInstance(type),
        _ => null,
    };

    private sealed record Subjects(Room Room, ChatMessage Message, SharedFile File, Upload Upload);
}
