using System.Collections.Immutable;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using CsCheck;

namespace ChatShare.Tests.Rooms;

/// <summary>
/// What a node knows of a room while others write into it, too: changes come early, twice or not at all, and what is missing is read from the
/// database. Whoever reads along has to end with what the database has.
/// </summary>
public sealed class RecentMessagesTests
{
    private enum Step
    {
        /// <summary>Somebody posts, and this node is told.</summary>
        Post,

        /// <summary>The same, and what was told is lost.</summary>
        PostUnheard,

        /// <summary>More than is held for readers, all of it told.</summary>
        PostMany,

        /// <summary>A message changes, and this node is told.</summary>
        Change,

        /// <summary>The same, and what was told is lost.</summary>
        ChangeUnheard,

        /// <summary>What was told last comes after what is told next.</summary>
        Delay,

        /// <summary>Something is told again.</summary>
        Repeat,

        /// <summary>The database is asked for what is missing.</summary>
        Fill,

        /// <summary>The same, and only the first two of them come.</summary>
        FillSome,

        /// <summary>The reader reads on.</summary>
        Read,
    }

    [Fact]
    public void Whoever_reads_along_ends_with_what_the_database_has()
    {
        var step = Gen.Frequency((1, Gen.Const(Step.PostMany)), (40, Gen.Enum<Step>().Where(step => step != Step.PostMany)));
        var script = Gen.Select(Gen.Int[0, 30], Gen.Select(step, Gen.Int[0, 1000]).List[0, 120]);
        script.Sample((before, steps) =>
        {
            var database = new List<ChatMessage>();
            var numbers = 0L;
            for (var i = 0; i < before; i++)
                Post();
            var recent = new RecentMessages(numbers, database.Count);
            recent.BeginLoading();
            recent.Load([.. database.TakeLast(RecentMessages.Wanted)], numbers);
            var (position, read) = (numbers, database.ToDictionary(m => m.Number));
            var (told, delayed) = (new List<ChatMessage>(), new Queue<ChatMessage>());

            foreach (var (step, which) in steps)
            {
                switch (step)
                {
                    case Step.Post:
                        Tell(Post());
                        break;
                    case Step.PostUnheard:
                        Post();
                        break;
                    case Step.PostMany:
                        for (var i = 0; i < 600; i++)
                            Tell(Post());
                        break;
                    case Step.Change when database.Count > 0:
                        Tell(Change(database.Count - 1 - (which % Math.Min(4, database.Count))));
                        break;
                    case Step.ChangeUnheard when database.Count > 0:
                        Change(database.Count - 1 - (which % Math.Min(4, database.Count)));
                        break;
                    case Step.Delay:
                        delayed.Enqueue(Post());
                        break;
                    case Step.Repeat when told.Count > 0:
                        recent.Add(told[which % told.Count]);
                        break;
                    case Step.Fill:
                        recent.AddMissed(After(recent.LastNumber), isLast: true);
                        break;
                    case Step.FillSome:
                        ImmutableArray<ChatMessage> page = [.. After(recent.LastNumber).Take(2)];
                        recent.AddMissed(page, isLast: page.Length < 2);
                        break;
                    case Step.Read:
                        Read();
                        break;
                }
            }

            recent.Heard(numbers, database.Count);
            Assert.True(recent.IsBehind || recent.LastNumber == numbers);
            recent.AddMissed(After(recent.LastNumber), isLast: true);
            Read();

            Assert.False(recent.IsBehind);
            Assert.Equal(numbers, recent.LastNumber);
            Assert.Equal(database.Count, recent.MessageCount);
            Assert.Equal(database.Select(m => (m.Number, m.Changed)), read.Values.OrderBy(m => m.Number).Select(m => (m.Number, m.Changed)));
            Assert.Equal(
                database.TakeLast(RecentMessages.Wanted).Select(m => (m.Number, m.Changed)), recent.Newest(RecentMessages.Wanted).Select(m => (m.Number, m.Changed)));

            ChatMessage Post()
            {
                var message = Message(++numbers, numbers, database.Count + 1);
                database.Add(message);
                return message;
            }

            ChatMessage Change(int index) => database[index] = database[index].With(++numbers, []);

            void Tell(ChatMessage message)
            {
                told.Add(message);
                recent.Add(message);
                while (delayed.TryDequeue(out var late))
                    recent.Add(late);
            }

            ImmutableArray<ChatMessage> After(long number) => [.. database.Where(m => m.Changed > number).OrderBy(m => m.Changed)];

            void Read()
            {
                var events = new List<RoomEvent>();
                // Behind what is held, a reader reads on from the log.
                var messages = recent.TryRead(position, events, out _)
                    ? events.Cast<RoomEvent.MessageChanged>().Select(e => e.Message)
                    : After(position).Where(m => m.Changed <= recent.LastNumber);
                foreach (var message in messages)
                {
                    Assert.True(message.Changed > position, "A reader was given something again, or out of order.");
                    position = message.Changed;
                    read[message.Number] = message;
                }

                position = recent.LastNumber;
            }
        }, iter: 1000);
    }

    private static ChatMessage Message(long number, long changed, long ordinal) => new()
    {
        RoomId = 1, Number = number, Changed = changed, Ordinal = ordinal, PersonId = Guid.Empty, Sender = "Ann", Door = Door.Api,
        SentAt = DateTimeOffset.UnixEpoch, Text = "", ClientId = "", Deleted = false,
    };
}
