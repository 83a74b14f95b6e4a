using System.Runtime.CompilerServices;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Rooms;

public sealed class RoomLoadingTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task A_room_that_could_not_be_loaded_does_not_keep_what_is_posted_for_somebody_who_may_never_enter()
    {
        const int noSuchRow = 999;
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var ann = await host.JoinAsync("Ann", token);
        var room = new Room(host.Get<RoomParts>(), noSuchRow, Make.RoomName("Lost"), "", KeepRule.Everything, lastNumber: 0, messageCount: 0);
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.EnterAsync(ann, token, room));

        var posted = Post(room);

        Assert.Equal(1, room.LastNumber);
        await Eventually.TrueAsync(() =>
        {
            GC.Collect();
            return Task.FromResult(!posted.IsAlive);
        });
        GC.KeepAlive(room);
    }

    // Apart, so that nothing of the test itself holds it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Post(Room room)
    {
        var message = new ChatMessage
        {
            RoomId = room.Id, Number = 1, Changed = 1, Ordinal = 1, PersonId = Guid.Empty, Sender = "Ann", Door = Door.Api,
            SentAt = DateTimeOffset.UnixEpoch, Text = "", ClientId = "", Deleted = false,
        };
        room.Publish(message);
        return new WeakReference(message);
    }
}
