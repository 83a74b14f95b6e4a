using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace ChatShare.Web;

/// <summary>
/// The memory that the server reads from and writes to connections with, in blocks of 64 KiB. Its own have 4 KiB, and each is one call
/// to the system: files would spend more time on those calls than on their bytes. A connection that is idle holds no block.
/// </summary>
internal sealed class WideBlocks : IMemoryPoolFactory<byte>
{
    private const int BlockLength = 64 * 1024;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();

    private sealed class Pool : MemoryPool<byte>
    {
        public override int MaxBufferSize => BlockLength;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockLength);
            return new Block(ArrayPool<byte>.Shared.Rent(BlockLength));
        }

        protected override void Dispose(bool disposing)
        {
        }
    }

    private sealed class Block(byte[] array) : IMemoryOwner<byte>
    {
        private byte[]? _array = array;

        public Memory<byte> Memory => _array ?? throw new ObjectDisposedException(nameof(Block));

        public void Dispose()
        {
            // Given back twice it would be two connections' own.
            if (Interlocked.Exchange(ref _array, null) is { } array)
                ArrayPool<byte>.Shared.Return(array);
        }
    }
}
