using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Rooms;

/// <summary>Nobody waits for a reader that does not read, it costs nothing, and it misses nothing.</summary>
[Collection(nameof(SlowReaderTests))]
[CollectionDefinition(nameof(SlowReaderTests), DisableParallelization = true)]
public sealed class SlowReaderTests
{
    private const int Posted = 2000;

    [Fact(Timeout = Make.Patience)]
    public async Task Reader_that_slept_through_many_messages_gets_each_once_in_order_and_delays_nobody()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var writer = await host.EnterAsync("writer", token);
        await using var slow = await host.EnterAsync("slow", token);
        await using var quick = new RoomReader(await host.EnterAsync("quick", token));

        // It began to read, was given something, and then did something else.
        await writer.SayAsync("first", token);
        await using var reading = slow.Events(token).GetAsyncEnumerator(token);
        var seen = new List<long>();
        while (seen.Count == 0 && await reading.MoveNextAsync())
            seen.AddRange(Changes(reading.Current));

        await Task.WhenAll(Enumerable.Range(0, Posted).Select(i => writer.SayAsync($"{i}", token)));
        await quick.UntilChangeAsync(Posted + 1, token);
        Assert.Equal(Enumerable.Range(1, Posted + 1).Select(n => (long)n), quick.Messages.Select(m => m.Changed));

        while (seen.Count < Posted + 1 && await reading.MoveNextAsync())
            seen.AddRange(Changes(reading.Current));
        Assert.Equal(Enumerable.Range(1, Posted + 1).Select(n => (long)n), seen);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Sleeping_readers_hold_no_messages()
    {
        const int sleepers = 400;
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        await using var writer = await host.EnterAsync("writer", token);
        var anna = await host.JoinAsync("sleeper", token);
        var sleeping = new List<RoomSession>();
        for (var i = 0; i < sleepers; i++)
            sleeping.Add(await host.EnterAsync(anna, token));
        var enumerators = sleeping.Select(session => session.Events(token).GetAsyncEnumerator(token)).ToList();
        foreach (var enumerator in enumerators)
            await enumerator.MoveNextAsync();

        // The ring and all caches are full before the measuring begins.
        await PostAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await PostAsync();
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;

        // One reference for each message and reader would be 6.4 MB and more.
        Assert.True(grown < 2_000_000, $"The memory grew by {grown} bytes.");
        foreach (var enumerator in enumerators)
            await enumerator.DisposeAsync();
        foreach (var session in sleeping)
            await session.DisposeAsync();

        Task PostAsync() => Task.WhenAll(Enumerable.Range(0, Posted).Select(i => writer.SayAsync($"{i}", token)));
    }

    private static IEnumerable<long> Changes(IEnumerable<RoomEvent> batch) =>
        batch.OfType<RoomEvent.MessageChanged>().Select(e => e.Message.Changed);
}
