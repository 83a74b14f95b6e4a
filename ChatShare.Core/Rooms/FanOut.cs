using System.Collections.Concurrent;
using System.Diagnostics;

namespace ChatShare.Core.Rooms;

/// <summary>
/// Wakes the readers of all rooms, away from the senders' threads: one worker a core, each with its own readers. A woken
/// reader runs on the worker until it waits again, so that a thousand renders are a thousand steps of a few workers and
/// not a thousand jobs in front of everybody else's. A worker has a thread of its own: in the pool's queue it would stand behind the
/// pages of hundreds who come at the same moment. A reader that was woken less than its frame interval ago waits for
/// the rest of it and finds everything that came meanwhile in one batch; one without an interval, a program that is sent a line, does not
/// stand behind the pages that are to be drawn.
/// </summary>
internal sealed class FanOut : IAsyncDisposable
{
    private readonly Worker[] _workers = [.. Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount)).Select(_ => new Worker())];
    private int _next;

    /// <summary>Spreads readers evenly.</summary>
    public int AssignPartition() => (int)((uint)Interlocked.Increment(ref _next) % (uint)_workers.Length);

    /// <summary>Wakes a reader soon. Called at most once for each of its waits, so that the queues stay as short as there are readers.</summary>
    public void Wake(RoomSession reader) => _workers[reader.Partition].Post(reader);

    /// <summary>Who waits, and who waits later, is woken by the thread pool from now on: sessions may outlive the rooms' service by a moment.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers)
            await worker.DisposeAsync();
    }

    private sealed class Worker : IAsyncDisposable
    {
        private readonly ConcurrentQueue<RoomSession> _atOnce = new();
        private readonly ConcurrentQueue<RoomSession> _woken = new();
        private readonly PriorityQueue<RoomSession, long> _early = new();
        // Does not spin before it waits: with a few messages a second that was a tenth of all work.
        private readonly ManualResetEventSlim _posted = new(initialState: false, spinCount: 0);
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _loop;
        private volatile bool _stopped;

        public Worker() => _loop = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        public void Post(RoomSession reader)
        {
            (reader.FrameTicks == 0 ? _atOnce : _woken).Enqueue(reader);
            if (_stopped)
                ReleaseRest();
            else
                _posted.Set();
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _loop;
            // First said, then looked: a reader that is posted meanwhile is seen here or there. The event is not
            // disposed, since somebody may be about to set it.
            _stopped = true;
            ReleaseRest();
            _stop.Dispose();
        }

        private void Run()
        {
            Thread.CurrentThread.Name = "Fan-out";
            while (!_stop.IsCancellationRequested)
            {
                // Before the look: who is posted from here on sets it again.
                _posted.Reset();
                while (!_stop.IsCancellationRequested && Turn())
                {
                    // Until nobody's turn has come.
                }

                var wait = _early.TryPeek(out _, out var next)
                    ? TimeSpan.FromSeconds(Math.Max(0.001, (next - Stopwatch.GetTimestamp()) / (double)Stopwatch.Frequency))
                    : Timeout.InfiniteTimeSpan;
                try
                {
                    _posted.Wait(wait, _stop.Token);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }

        /// <summary>
        /// Those who are told at once and are here now, and then one page: however fast programs are told more, pages are drawn.
        /// </summary>
        /// <returns>False when nobody's turn has come.</returns>
        private bool Turn()
        {
            var count = _atOnce.Count;
            for (var i = 0; i < count && _atOnce.TryDequeue(out var reader); i++)
                Release(reader);
            if (NextPage() is not { } page)
                return count > 0;
            Release(page);
            return true;
        }

        /// <summary>Null while it is no page's time.</summary>
        private RoomSession? NextPage()
        {
            while (_woken.TryDequeue(out var reader))
            {
                var due = reader.LastWoken + reader.FrameTicks;
                if (due <= Stopwatch.GetTimestamp())
                    return reader;
                _early.Enqueue(reader, due);
            }

            return _early.TryPeek(out _, out var next) && next <= Stopwatch.GetTimestamp() ? _early.Dequeue() : null;
        }

        /// <summary>Not on the caller's thread, which may hold a room's lock.</summary>
        private void ReleaseRest()
        {
            lock (_early)
            {
                while (_early.TryDequeue(out var reader, out _))
                    ThreadPool.QueueUserWorkItem(Release, reader, preferLocal: false);
            }

            while (_atOnce.TryDequeue(out var reader) || _woken.TryDequeue(out reader))
                ThreadPool.QueueUserWorkItem(Release, reader, preferLocal: false);
        }

        private static void Release(RoomSession reader)
        {
            reader.LastWoken = Stopwatch.GetTimestamp();
            reader.Release();
        }
    }
}
