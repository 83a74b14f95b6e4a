using ChatShare.Web;

namespace ChatShare.Tests;

public sealed class WideBlocksTests
{
    [Fact]
    public void Block_has_room_for_more_than_was_asked_for()
    {
        using var pool = new WideBlocks().Create();
        using var block = pool.Rent(4096);

        Assert.True(block.Memory.Length >= 64 * 1024);
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(pool.MaxBufferSize + 1));
    }

    [Fact]
    public void Block_that_is_given_back_twice_is_lent_to_one_only()
    {
        using var pool = new WideBlocks().Create();
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
}
