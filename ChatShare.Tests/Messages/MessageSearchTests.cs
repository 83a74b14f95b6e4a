using System.Data.Common;
using ChatShare.Core;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage.Sqlite;
using ChatShare.Tests.Support;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace ChatShare.Tests.Messages;

public sealed class MessageSearchTests
{
    [Theory]
    [InlineData("plan", "The PLAN is good")]
    [InlineData("plan good", "good: explanation")]
    [InlineData("\"is good\"", "The plan is good")]
    [InlineData("  привет ", "ПРИВЕТ")]
    [InlineData("größe", "Die Größe")]
    [InlineData("文", "中文")]
    [InlineData("cafe", "Café")]
    [InlineData("CAFÉ", "cafe\u0301")]
    [InlineData("strasse", "Große Straße")]
    [InlineData("Straße", "STRASSE")]
    [InlineData("abc", "ＡＢＣ")]
    [InlineData("\u200d", "👩\u200d🔬")]
    [InlineData("🔬", "👩\u200d🔬")]
    public void Words_are_found_in_any_case_and_order(string typed, string text) => Assert.True(Words(typed).AreIn(text));

    [Theory]
    [InlineData("plan bad", "The plan is good")]
    [InlineData("\"good is\"", "The plan is good")]
    [InlineData("plans", "The plan is good")]
    [InlineData("\u200d", "ä")]
    [InlineData("👩", "👨")]
    public void All_of_them_have_to_be_there(string typed, string text) => Assert.False(Words(typed).AreIn(text));

    [Theory]
    [InlineData(null)]
    [InlineData(" \t ")]
    [InlineData("\"\"")]
    [InlineData("a b c d e f g h i j k")]
    public void Nothing_and_too_much_are_refused_with_a_sentence(string? typed)
    {
        Assert.False(SearchWords.TryParse(typed, out var words, out var error));
        Assert.Null(words);
        Assert.EndsWith(".", error, StringComparison.Ordinal);
        Assert.False(SearchWords.TryParse(new string('a', SearchWords.MaxLength + 1), out _, out _));
    }

    [Fact]
    public void Places_are_in_order_and_do_not_overlap()
    {
        Assert.Equal([0..4, 5..9], Words("ana bana nan b").PlacesIn("bana-NANA"));
        Assert.Equal([0..5], Words("nan ban").PlacesIn("banana"));
        Assert.Empty(Words("x").PlacesIn("banana"));
        Assert.Equal([0..6, 7..14], Words("strasse").PlacesIn("Straße STRASSE"));
        Assert.Equal([1..2], Words("\u200d").PlacesIn("ä\u200dä".Normalize()));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_was_said_is_found_from_the_newest_on_a_page_after_the_other()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token, ("Limits:MessagesPerSecond", "0"));
        await using var anna = await host.EnterAsync("anna", token);
        var cellar = await host.CreateRoomAsync("Cellar", anna.Participant.Session, token);
        // More than is read at a time.
        await Task.WhenAll(Enumerable.Range(0, 4500).Select(i => anna.SayAsync(i % 1500 == 0 ? $"needle {i}" : $"hay {i}", token)));
        var taken = await anna.SayAsync("needle that was taken back", token);
        var root = await host.AdministratorAsync(token);
        await host.Get<Administration>().DeleteMessageAsync(host.Lobby, taken, root, token);

        var first = await FindAsync("NEEDLE", before: null, limit: 2);
        Assert.Equal(["needle", "needle"], first.Select(message => message.Text.Split(' ')[0]));
        Assert.True(first[0].Number > first[1].Number);
        var rest = await FindAsync("needle", first[1].Number, limit: 2);
        Assert.Equal(["needle 0", "needle 1500", "needle 3000"], first.Concat(rest).Select(message => message.Text).Order(StringComparer.Ordinal));
        Assert.Empty(await FindAsync("nothing", before: null, limit: 2));
        Assert.Empty(await host.Get<MessageSearch>().FindAsync(cellar, Words("needle"), null, 10, anna.Participant.Session, token));

        async Task<IReadOnlyList<ChatMessage>> FindAsync(string typed, long? before, int limit) =>
            await host.Get<MessageSearch>().FindAsync(host.Lobby, Words(typed), before, limit, anna.Participant.Session, token);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Who_asks_without_end_has_to_wait()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await CoreHost.StartAsync(token);
        var anna = await host.JoinAsync("anna", token);

        var refused = await Assert.ThrowsAsync<RefusedException>(async () =>
        {
            for (var i = 0; i < 1000; i++)
                await host.Get<MessageSearch>().FindAsync(host.Lobby, Words("a"), null, 10, anna, token);
        });

        Assert.Equal(RefusalKind.TooFast, refused.Kind);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_few_look_at_a_time_and_the_others_wait_for_their_turn()
    {
        var token = TestContext.Current.CancellationToken;
        var reads = new HeldReads();
        await using var app = await RunningApp.StartAsync(builder => builder.Services.ConfigureDbContext<SqliteChatShareDbContext>(options => options.AddInterceptors(reads)));
        var lobby = app.Get<RoomService>().Find(RoomService.Lobby)!;
        var session = await app.Get<SessionService>().JoinAsync(Make.Nickname("anna"), token);
        var search = app.Get<MessageSearch>();

        var all = Enumerable.Range(0, MessageSearch.Places + 2).Select(_ => search.FindAsync(lobby, Words("nowhere"), null, 10, session, token)).ToList();
        while (all.Count > 0)
        {
            var expected = Math.Min(all.Count, MessageSearch.Places);
            await Eventually.TrueAsync(() => Task.FromResult(reads.Now >= expected));
            reads.LetOneGo();
            all.Remove(await Task.WhenAny(all));
        }

        Assert.Equal(MessageSearch.Places, reads.Most);
    }

    /// <summary>Whoever reads messages waits here, and is counted.</summary>
    private sealed class HeldReads : DbCommandInterceptor
    {
        private readonly SemaphoreSlim _go = new(0);
        private readonly Lock _gate = new();

        public int Now { get; private set; }

        public int Most { get; private set; }

        public void LetOneGo()
        {
            lock (_gate)
                Now--;
            _go.Release();
        }

        public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            if (!command.CommandText.Contains("FROM \"Messages\"", StringComparison.Ordinal))
                return result;
            lock (_gate)
                Most = Math.Max(Most, ++Now);
            await _go.WaitAsync(cancellationToken);
            return result;
        }
    }

    private static SearchWords Words(string typed)
    {
        Assert.True(SearchWords.TryParse(typed, out var words, out _));
        return words;
    }
}
