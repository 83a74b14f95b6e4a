using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.Channels;
using ChatShare.Core.People;
using ChatShare.Core.Storage;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace ChatShare.Core.Cluster;

/// <summary>
/// By Redis: what is told goes over one channel that all nodes of a database listen to, and the people of a node are a key that ends by itself.
/// The names hold the database's epoch, so that several installations can share a server and a restored one starts afresh.
/// </summary>
internal sealed class RedisRoomBus(RedisConnection redis, Database database, ILogger<RedisRoomBus> logger) : IRoomBus
{
    // A message of many files is read from the database by those who show it.
    private const int LongestNews = 32 * 1024;

    // Some seconds of a busy company. A node that falls behind by more reads what it missed.
    private const int MostUnread = 20_000;

    private const int NodeLength = 8;

    private readonly byte[] _node = RandomNumberGenerator.GetBytes(NodeLength);

    public bool IsShared => true;

    private string Root => $"chatshare:{database.Epoch}";

    private string Node => Convert.ToHexStringLower(_node);

    private RedisChannel News => RedisChannel.Literal(Root + ":news");

    private IDatabase Keys => redis.Multiplexer.GetDatabase();

    public void Tell(NodeNews news)
    {
        try
        {
            redis.Multiplexer.GetSubscriber().Publish(News, Pack(news), CommandFlags.FireAndForget);
        }
        catch (Exception e) when (IsAway(e))
        {
            logger.NotTold(e);
        }
    }

    public async IAsyncEnumerable<NodeNews> NewsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var hasMissed = 1;
        var unread = Channel.CreateBounded<NodeNews>(
            new BoundedChannelOptions(MostUnread) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite },
            _ => Volatile.Write(ref hasMissed, 1));
        var queue = await SubscribeAsync(cancellationToken);
        redis.Restored += OnRestored;
        // One after the other: a callback of the subscriber itself would have no order.
        queue.OnMessage(message => Take(message.Message, unread.Writer));
        try
        {
            // Whatever happened before this is not known.
            unread.Writer.TryWrite(new NodeNews.Missed());
            await foreach (var news in unread.Reader.ReadAllAsync(cancellationToken))
            {
                if (Interlocked.Exchange(ref hasMissed, 0) == 1)
                    yield return new NodeNews.Missed();
                yield return news;
            }
        }
        finally
        {
            redis.Restored -= OnRestored;
            await queue.UnsubscribeAsync(CommandFlags.FireAndForget);
        }

        void OnRestored() => unread.Writer.TryWrite(new NodeNews.Missed());
    }

    public Task SetPeopleAsync(ImmutableArray<ConnectedUser> people, CancellationToken cancellationToken) => AskAsync(
        async () =>
        {
            var words = JsonSerializer.SerializeToUtf8Bytes(people, NewsJson.Default.ImmutableArrayConnectedUser);
            try
            {
                await Task.WhenAll(
                    Keys.StringSetAsync(PeopleOf(Node), words, RoomBus.PeopleLast),
                    Keys.SetAddAsync(Root + ":nodes", Node)).WaitAsync(cancellationToken);
            }
            catch (Exception e) when (e is RedisException or RedisCommandException)
            {
                redis.NotKept(e);
                throw;
            }

            redis.Kept();
            return true;
        });

    public Task<ImmutableArray<ConnectedUser>> PeopleElsewhereAsync(CancellationToken cancellationToken) => AskAsync(
        async () =>
        {
            // What was kept ends by itself: nobody would seem to be there.
            if (!redis.IsWell)
                throw new RedisException("What is there is old.");
            var nodes = (await Keys.SetMembersAsync(Root + ":nodes").WaitAsync(cancellationToken)).Where(node => node != Node).ToList();
            if (nodes.Count == 0)
                return [];
            // One by one: a cluster of Redis keeps them at several places, and refuses a command about keys of two.
            var lists = await Task.WhenAll(nodes.Select(node => Keys.StringGetAsync(PeopleOf(node!)))).WaitAsync(cancellationToken);
            var dead = nodes.Where((_, i) => lists[i].IsNull).ToArray();
            if (dead.Length > 0)
                await Keys.SetRemoveAsync(Root + ":nodes", dead, CommandFlags.FireAndForget);
            return ImmutableArray.CreateRange(lists.Where(list => !list.IsNull)
                .SelectMany(list => JsonSerializer.Deserialize((byte[])list!, NewsJson.Default.ImmutableArrayConnectedUser)));
        });

    private string PeopleOf(string node) => $"{Root}:people:{node}";

    /// <summary>It waits until Redis is there: nothing is lost by that, the database has everything.</summary>
    private async Task<ChannelMessageQueue> SubscribeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await redis.Multiplexer.GetSubscriber().SubscribeAsync(News).WaitAsync(cancellationToken);
            }
            catch (Exception e) when (IsAway(e))
            {
                logger.NotTold(e);
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            }
        }
    }

    private void Take(RedisValue value, ChannelWriter<NodeNews> unread)
    {
        var bytes = ((ReadOnlyMemory<byte>)value).Span;
        if (bytes.Length <= NodeLength || bytes[..NodeLength].SequenceEqual(_node))
            return;
        try
        {
            unread.TryWrite(JsonSerializer.Deserialize(bytes[NodeLength..], NewsJson.Default.NodeNews) ?? new NodeNews.Missed());
        }
        catch (JsonException e)
        {
            // Of a node of another version: whatever it says, the database says, too.
            logger.NotUnderstood(e);
            unread.TryWrite(new NodeNews.Missed());
        }
    }

    private ReadOnlyMemory<byte> Pack(NodeNews news)
    {
        var bytes = Write(news);
        if (bytes.Length > LongestNews && news is NodeNews.Changed { Message: var message })
            bytes = Write(new NodeNews.Moved(message.RoomId, message.Changed, message.Ordinal));
        return bytes;

        ReadOnlyMemory<byte> Write(NodeNews what) => (byte[])[.. _node, .. JsonSerializer.SerializeToUtf8Bytes(what, NewsJson.Default.NodeNews)];
    }

    private static async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (IsAway(e) || e is JsonException)
        {
            throw new RoomBusException("Redis (ChatShare:Cluster:Redis) does not answer.", e);
        }
    }

    /// <summary>A command that the driver does not even send is no <see cref="RedisException"/>.</summary>
    private static bool IsAway(Exception e) => e is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException;
}
