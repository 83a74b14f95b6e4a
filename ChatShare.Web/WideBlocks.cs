using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace ChatShare.Web;

/// <summary>
/// The memory that the server reads from and writes to connections with, in blocks of 32 KiB. Its own have 4 KiB, and each is one call
/// to the system: files would spend more time on those calls than on their bytes. A connection that is idle holds no block.
/// </summary>
internal sealed class WideBlocks(TimeProvider time) : IMemoryPoolFactory<byte>
{
    private const int BlockLength = 32 * 1024;

    // Two movements of a watched card, which take the same blocks, and short enough that a rush leaves little behind.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>The server asks for a pool for each of its queues, so that few threads meet at one.</summary>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool(time);

    /// <summary>
    /// Keeps as many blocks as were lent at a time lately, whatever their number. The shared pool of arrays keeps 32 for each core, and a hundred
    /// circuits that move together left eleven megabytes of them to the collector in a second.
    /// </summary>
    private sealed class Pool : MemoryPool<byte>
    {
        private readonly Lock _lock = new();
        private readonly Stack<byte[]> _free = new();
        private readonly ITimer _timer;
        private int _lent;
        private int _mostLent;
        private int _wanted;

        public Pool(TimeProvider time) => _timer = time.CreateTimer(_ => LetGo(), state: null, Patience, Patience);

        public override int MaxBufferSize => BlockLength;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockLength);
            return new Block(this, Take() ?? GC.AllocateUninitializedArray<byte>(BlockLength));
        }

        public void Return(byte[] array)
        {
            lock (_lock)
            {
                _lent--;
                _free.Push(array);
            }
        }

        protected override void Dispose(bool disposing) => _timer.Dispose();

        private byte[]? Take()
        {
            lock (_lock)
            {
                _mostLent = Math.Max(_mostLent, ++_lent);
                return _free.TryPop(out var array) ? array : null;
            }
        }

        /// <summary>
        /// A load that goes up and down takes its blocks again: one that is made anew each time grows old each time, and only a full
        /// collection finds it. When the load is gone, half of what is kept goes each time.
        /// </summary>
        private void LetGo()
        {
            lock (_lock)
            {
                _wanted = _mostLent > _wanted / 8 ? Math.Max(_mostLent, _wanted - (_wanted / 16)) : _wanted / 2;
                _mostLent = _lent;
                while (_free.Count > 0 && _lent + _free.Count > _wanted)
                    _free.Pop();
            }
        }
    }

    private sealed class Block(Pool pool, byte[] array) : IMemoryOwner<byte>
    {
        private byte[]? _array = array;

        public Memory<byte> Memory => _array ?? throw new ObjectDisposedException(nameof(Block));

        public void Dispose()
        {
            // Given back twice it would be two connections' own.
            if (Interlocked.Exchange(ref _array, null) is { } array)
                pool.Return(array);
        }
    }
}
