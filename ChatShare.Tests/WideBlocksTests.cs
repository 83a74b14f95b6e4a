using System.Buffers;
using System.Runtime.InteropServices;
using ChatShare.Web;

namespace ChatShare.Tests;

public sealed class WideBlocksTests
{
    private readonly HandClock _clock = new();

    [Fact]
    public void Block_has_room_for_more_than_was_asked_for()
    {
        using var pool = new WideBlocks(_clock).Create();
        using var block = pool.Rent(4096);

        Assert.True(block.Memory.Length >= 32 * 1024);
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(pool.MaxBufferSize + 1));
    }

    [Fact]
    public void Block_that_is_given_back_twice_is_lent_to_one_only()
    {
        using var pool = new WideBlocks(_clock).Create();
        var given = pool.Rent();
        given.Dispose();
        given.Dispose();
        using var one = pool.Rent();
        using var other = pool.Rent();

        one.Memory.Span[0] = 1;
        other.Memory.Span[0] = 2;

        Assert.Equal(1, one.Memory.Span[0]);
        Assert.Throws<ObjectDisposedException>(() => given.Memory);
    }

    [Fact]
    public void Blocks_that_were_given_back_are_lent_again_however_many_they_are()
    {
        using var pool = new WideBlocks(_clock).Create();
        var first = RentAndGiveBack(pool, 300);

        var second = RentAndGiveBack(pool, 300);

        Assert.Equal(first.Count, first.Intersect(second).Count());
    }

    [Fact]
    public void Blocks_stay_while_a_load_goes_up_and_down_and_are_let_go_when_it_is_gone()
    {
        using var pool = new WideBlocks(_clock).Create();
        var first = RentAndGiveBack(pool, 300);
        _clock.Strike();

        for (var i = 0; i < 3; i++)
        {
            RentAndGiveBack(pool, 100);
            _clock.Strike();
        }

        Assert.InRange(RentAndGiveBack(pool, 300).Count(first.Contains), 240, 299);

        for (var i = 0; i < 12; i++)
            _clock.Strike();
        Assert.DoesNotContain(RentAndGiveBack(pool, 300), first.Contains);
    }

    private static HashSet<byte[]> RentAndGiveBack(MemoryPool<byte> pool, int count)
    {
        var rented = Enumerable.Range(0, count).Select(_ => pool.Rent()).ToList();
        var arrays = rented.Select(block => MemoryMarshal.TryGetArray<byte>(block.Memory, out var segment) ? segment.Array! : []).ToHashSet();
        rented.ForEach(block => block.Dispose());
        return arrays;
    }

    /// <summary>A clock whose timers go off by hand.</summary>
    private sealed class HandClock : TimeProvider
    {
        private readonly List<Action> _timers = [];

        public void Strike() => _timers.ForEach(timer => timer());

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _timers.Add(() => callback(state));
            return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
