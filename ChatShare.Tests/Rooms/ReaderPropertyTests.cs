using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using CsCheck;

namespace ChatShare.Tests.Rooms;

/// <summary>
/// Whatever happens in a room, and however a reader reads, stops and comes back: what it put together is what the log holds.
/// </summary>
public sealed class ReaderPropertyTests
{
    private const int Writers = 3;
    private const int MoreThanTheRing = 600;
    private const int HalfAnHour = 1_800_000;

    private static readonly Gen<Act> AnyAct = Gen.Frequency(
        (20, Gen.Int[0, Writers - 1].Select(w => (Act)new Act.Post(w, 1))),
        (3, Gen.Select(Gen.Int[0, Writers - 1], Gen.Int[2, 60], (w, n) => (Act)new Act.Post(w, n))),
        (1, Gen.Int[0, Writers - 1].Select(w => (Act)new Act.Post(w, MoreThanTheRing))),
        (6, Gen.Int[0, Writers - 1].Select(w => (Act)new Act.Offer(w))),
        (5, Gen.Select(Gen.Int[0, 99], Gen.Bool, (i, ok) => (Act)new Act.EndUpload(i, ok))),
        (4, Gen.Int[0, 9999].Select(i => (Act)new Act.Delete(i))),
        (20, Gen.Int[0, 99].Select(r => (Act)new Act.Read(r))),
        (6, Gen.Int[0, 99].Select(r => (Act)new Act.Rejoin(r))),
        (3, Gen.Bool.Select(all => (Act)new Act.Start(all))),
        (1, Gen.Const((Act)new Act.Restart())));

    [Fact(Timeout = HalfAnHour)]
    public async Task Reader_has_what_the_log_has_after_any_history()
    {
        // A server of their own for a hundred at a time: each restart reads all rooms that there were before.
        for (var part = 0; part < (Make.IsLong ? 15 : 1); part++)
            await SampleAsync(Make.IsLong ? 100 : 40, TestContext.Current.CancellationToken);
    }

    private static async Task SampleAsync(int histories, CancellationToken token)
    {
        await using var host = await CoreHost.StartAsync(token);
        var administrator = (await host.AdministratorAsync(token)).Id;
        var people = new List<Guid>();
        for (var i = 0; i < Writers; i++)
            people.Add((await host.JoinAsync($"writer {i}", token)).Id);
        var rooms = 0;
        // One history at a time: a restart is one of the things that happen.
        await AnyAct.Array[1, 60].SampleAsync(
            async acts =>
            {
                var history = await History.BeginAsync(host, administrator, people, $"room {rooms++}", token);
                foreach (var act in acts)
                    await history.HappenAsync(act);
                await history.EndAsync();
            },
            iter: histories,
            threads: 1,
            print: acts => string.Join("; ", acts.Select(act => act.ToString())));
        Assert.Empty(host.Errors);
    }

    private abstract record Act
    {
        public sealed record Post(int Writer, int Count) : Act;

        public sealed record Offer(int Writer) : Act;

        public sealed record EndUpload(int Upload, bool Well) : Act;

        public sealed record Delete(int Message) : Act;

        public sealed record Read(int Reader) : Act;

        public sealed record Rejoin(int Reader) : Act;

        public sealed record Start(bool FromTheBeginning) : Act;

        public sealed record Restart : Act;
    }

    private sealed class History
    {
        private readonly CoreHost _host;
        private readonly Guid _administrator;
        private readonly IReadOnlyList<Guid> _people;
        private readonly RoomName _room;
        private readonly CancellationToken _token;
        private readonly List<RoomSession> _writers = [];
        private readonly List<Follower> _readers = [];
        private readonly List<Upload> _uploads = [];

        private History(CoreHost host, Guid administrator, IReadOnlyList<Guid> people, string room, CancellationToken token)
        {
            _host = host;
            _administrator = administrator;
            _people = people;
            _room = Make.RoomName(room);
            _token = token;
        }

        private Room Room => _host.Rooms.Find(_room)!;

        public static async Task<History> BeginAsync(
            CoreHost host, Guid administrator, IReadOnlyList<Guid> people, string room, CancellationToken token)
        {
            var history = new History(host, administrator, people, room, token);
            await host.CreateRoomAsync(room, await history.PersonAsync(administrator), token);
            await history.EnterAsync();
            await history.HappenAsync(new Act.Start(FromTheBeginning: false));
            return history;
        }

        public async Task HappenAsync(Act act)
        {
            switch (act)
            {
                case Act.Post post:
                    await Task.WhenAll(Enumerable.Range(0, post.Count).Select(i => _writers[post.Writer].SayAsync($"text {i}", _token)));
                    break;
                case Act.Offer offer:
                    _uploads.AddRange(await _host.Uploads.BeginAsync(
                        _writers[offer.Writer], [Make.File("a.txt", 3), Make.File("b.txt", 3)], Make.ClientId(), _token));
                    break;
                case Act.EndUpload end when _uploads.Count > 0:
                    var upload = _uploads[end.Upload % _uploads.Count];
                    _uploads.Remove(upload);
                    if (!end.Well)
                        await upload.FailAsync("It broke off.", _token);
                    else if (upload.IsUnderWay)
                        await upload.AppendAsync(0, new MemoryStream("abc"u8.ToArray()), _token);
                    break;
                case Act.Delete delete:
                    var alive = (await _host.AllAsync(Room, _token)).Where(message => !message.Deleted).ToList();
                    if (alive.Count > 0)
                    {
                        await _host.Get<FileRemoval>().DeleteMessageAsync(
                            Room, alive[delete.Message % alive.Count].Number, await PersonAsync(_administrator), _token);
                    }

                    break;
                case Act.Read read:
                    await _readers[read.Reader % _readers.Count].ReadAsync(_token);
                    break;
                case Act.Rejoin rejoin:
                    await _readers[rejoin.Reader % _readers.Count].LeaveAsync();
                    await _readers[rejoin.Reader % _readers.Count].JoinAsync(await SessionAsync(0), _host, Room, _token);
                    break;
                case Act.Start start:
                    var reader = new Follower(start.FromTheBeginning);
                    _readers.Add(reader);
                    await reader.JoinAsync(await SessionAsync(0), _host, Room, _token);
                    break;
                case Act.Restart:
                    await LeaveAsync();
                    await _host.RestartAsync(_token);
                    await EnterAsync();
                    foreach (var follower in _readers)
                        await follower.JoinAsync(await SessionAsync(0), _host, Room, _token);
                    break;
            }
        }

        public async Task EndAsync()
        {
            var log = await _host.AllAsync(Room, _token);
            Assert.Equal(Enumerable.Range(1, log.Count).Select(n => (long)n), log.Select(message => message.Ordinal));
            foreach (var reader in _readers)
            {
                while (reader.Last < Room.LastNumber)
                    await reader.ReadAsync(_token);
                reader.AssertHas(log);
            }

            await LeaveAsync();
        }

        private async Task EnterAsync()
        {
            for (var i = 0; i < _people.Count; i++)
                _writers.Add(await _host.EnterAsync(await SessionAsync(i), _token, Room));
        }

        private async Task LeaveAsync()
        {
            foreach (var reader in _readers)
                await reader.LeaveAsync();
            foreach (var writer in _writers)
            {
                await writer.DisposeAsync();
                writer.Participant.Dispose();
            }

            _writers.Clear();
            // They end with the server; a test that goes on gives up the rest of them.
            _uploads.Clear();
        }

        private Task<PersonSession> SessionAsync(int person) => PersonAsync(_people[person]);

        private async Task<PersonSession> PersonAsync(Guid session) => (await _host.Sessions.FindAsync(session, _token))!;
    }

    /// <summary>A client as it should be: the newest change of each message wins, and it comes back with its last number.</summary>
    private sealed class Follower(bool fromTheBeginning)
    {
        private readonly Dictionary<long, ChatMessage> _messages = [];
        private RoomSession? _session;
        private IAsyncEnumerator<IReadOnlyList<RoomEvent>>? _reading;
        private long _from;
        private long _start = -1;

        public long Last { get; private set; }

        public async Task JoinAsync(PersonSession person, CoreHost host, Room room, CancellationToken token)
        {
            var isFresh = _start < 0 && !fromTheBeginning;
            _session = await host.EnterAsync(person, token, room, isFresh ? null : Last);
            _reading = _session.Events(token).GetAsyncEnumerator(token);
            if (_start >= 0)
            {
                Assert.Equal(Last, _session.Backlog.LastNumber);
                return;
            }

            _start = Last = _session.Backlog.LastNumber;
            foreach (var message in _session.Backlog.Messages)
                _messages.Add(message.Number, message);
            _from = _session.Backlog.Messages.Length > 0 ? _session.Backlog.Messages[0].Number : 0;
        }

        /// <summary>One batch with messages, when there is something to come.</summary>
        public async Task ReadAsync(CancellationToken token)
        {
            var before = Last;
            while (Last == before && Last < _session!.Room.LastNumber)
            {
                Assert.True(await _reading!.MoveNextAsync().AsTask().WaitAsync(Make.PatienceForOne, token));
                foreach (var message in _reading.Current.OfType<RoomEvent.MessageChanged>().Select(e => e.Message))
                {
                    Assert.True(message.Changed > Last, $"{message.Changed} came after {Last}.");
                    Last = message.Changed;
                    _messages[message.Number] = message;
                }
            }
        }

        public async Task LeaveAsync()
        {
            await _reading!.DisposeAsync();
            await _session!.DisposeAsync();
            _session.Participant.Dispose();
        }

        public void AssertHas(IReadOnlyList<ChatMessage> log) => Assert.Equal(
            log.Where(message => message.Number >= _from || message.Changed > _start).Select(Describe),
            _messages.Values.OrderBy(message => message.Number).Select(Describe));

        private static string Describe(ChatMessage m) =>
            $"{m.Number} {m.Changed} {m.Ordinal} {m.Sender} {m.Text} {m.Deleted} [{string.Join(", ", m.Files.Select(f => f.ToString()))}]";
    }
}
