using System.Collections.Concurrent;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Rooms;

public sealed class FanOutTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Whoever_is_told_at_once_does_not_stand_behind_pages_that_wait_to_be_drawn()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var sender = await core.EnterAsync("sender", token);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(token);
        using var drawing = new ManualResetEventSlim();
        var blocked = new ConcurrentDictionary<int, bool>();
        var told = new ConcurrentQueue<(int Partition, bool IsPage)>();
        var newest = new ConcurrentDictionary<RoomSession, long>();
        List<RoomSession> readers = [];
        for (var i = 0; i < 4 * Environment.ProcessorCount; i++)
        {
            var reader = await core.EnterAsync($"reader-{i}", token);
            reader.FrameInterval = i < 3 * Environment.ProcessorCount ? TimeSpan.FromMilliseconds(1) : TimeSpan.Zero;
            readers.Add(reader);
        }

        // Not in the pool: each is at its place before the first message comes, and is run by its worker from then on.
        var reading = readers.ConvertAll(ReadAsync);
        await Eventually.TrueAsync(() => Task.FromResult(readers.TrueForAll(reader => reader.Waiting)));
        await sender.SayAsync("a page is drawn for long", token);
        await Eventually.TrueAsync(() => Task.FromResult(blocked.Count == readers.Select(reader => reader.Partition).Distinct().Count()));
        var last = await sender.SendAsync(Make.Text("and meanwhile this came"), Make.ClientId(), token);
        drawing.Set();

        await Eventually.TrueAsync(() => Task.FromResult(readers.TrueForAll(reader => newest.GetValueOrDefault(reader) == last.Changed)));
        await over.CancelAsync();
        await Task.WhenAll(reading);
        foreach (var partition in told.GroupBy(reader => reader.Partition))
        {
            var pages = partition.Select((reader, place) => (reader.IsPage, place)).ToLookup(reader => reader.IsPage, reader => reader.place);
            Assert.True(pages[false].Max() < pages[true].ElementAt(1), string.Join(' ', partition));
        }

        async Task ReadAsync(RoomSession reader)
        {
            var isPage = reader.FrameInterval > TimeSpan.Zero;
            try
            {
                await foreach (var batch in reader.Events(over.Token))
                {
                    // Who comes and goes is told by the clock.
                    if (batch.OfType<RoomEvent.MessageChanged>().LastOrDefault() is not { Message.Changed: var number })
                        continue;
                    told.Enqueue((reader.Partition, isPage));
                    newest[reader] = number;
                    // On the worker's own thread, as a page that takes long.
                    if (isPage && blocked.TryAdd(reader.Partition, true))
                        drawing.Wait(token);
                }
            }
            catch (OperationCanceledException) when (over.IsCancellationRequested)
            {
                return;
            }
        }
    }
}
