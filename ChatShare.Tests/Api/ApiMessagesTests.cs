using System.Net;
using System.Text.Json;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Api;

public sealed class ApiMessagesTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RunningApp App => fixture.App;

    [Fact]
    public async Task Message_has_the_promised_shape_and_the_same_client_id_is_the_same_message()
    {
        using var ann = await ApiClient.SignInAsync(App, "Ann");
        await ann.CreateRoomAsync("Shape");
        const string body = """{"text":"héllo\r\nthere","clientId":"mine-1"}""";
        using var first = await ann.PostAsync("/api/rooms/Shape/messages", body);
        using var second = await ann.PostAsync("/api/rooms/Shape/messages", """{"text":"something else","clientId":"mine-1"}""");
        var message = await ApiClient.ReadAsync(first);
        var sentAt = message.GetProperty("sentAt");

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        Assert.Equal(
            $$"""{"number":1,"changed":1,"room":"Shape","sender":"Ann","sentAt":{{sentAt.GetRawText()}},"text":"héllo\nthere","clientId":"mine-1","deleted":false,"files":[]}""",
            message.GetRawText());
        Assert.InRange(DateTimeOffset.UtcNow - sentAt.GetDateTimeOffset(), TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Equal(message.GetRawText(), (await ApiClient.ReadAsync(second)).GetRawText());
        Assert.Equal(message.GetRawText(), Assert.Single((await ann.GetAsync("/api/rooms/Shape/messages")).EnumerateArray()).GetRawText());
    }

    [Theory]
    [InlineData("!")]
    [InlineData("~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~")]
    [InlineData("';DROP/**/TABLE\"Messages\";--")]
    [InlineData("\"'><script>alert(1)</script>&quot;]{}\\%00")]
    [InlineData("urn:uuid:7f9c24e8-3b12-4fef-91e0-56f7ef6a4c42#1/2?x=@")]
    public async Task Client_id_may_be_of_any_printable_ascii(string clientId)
    {
        using var lou = await ApiClient.SignInAsync(App, $"Lou {Make.ClientId()[..8]}");
        var body = JsonSerializer.Serialize(new { text = "once", clientId });
        using var first = await lou.PostAsync("/api/rooms/Lobby/messages", body);
        using var second = await lou.PostAsync("/api/rooms/Lobby/messages", body);
        var message = await ApiClient.ReadAsync(first);

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        Assert.Equal(clientId, message.GetProperty("clientId").GetString());
        Assert.Equal(message.GetRawText(), (await ApiClient.ReadAsync(second)).GetRawText());
    }

    [Fact]
    public async Task Two_posts_at_once_with_one_client_id_are_one_message()
    {
        using var ben = await ApiClient.SignInAsync(App, "Ben");
        await ben.CreateRoomAsync("Twice");
        var posts = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ben.PostAsync("/api/rooms/Twice/messages", """{"text":"once","clientId":"one"}""")));

        Assert.Single(posts, post => post.StatusCode == HttpStatusCode.Created);
        Assert.Equal(19, posts.Count(post => post.StatusCode == HttpStatusCode.OK));
        Assert.Single((await ben.GetAsync("/api/rooms/Twice/messages")).EnumerateArray());
        foreach (var post in posts)
            post.Dispose();
    }

    [Fact]
    public async Task Message_without_a_client_id_gets_one()
    {
        using var cleo = await ApiClient.SignInAsync(App, "Cleo");
        await cleo.CreateRoomAsync("Free");
        foreach (var number in new[] { 1, 2 })
        {
            using var posted = await cleo.PostAsync("/api/rooms/Free/messages", """{"text":"hello"}""");
            Assert.Equal(number, (await ApiClient.ReadAsync(posted)).GetProperty("number").GetInt32());
        }
    }

    [Fact]
    public async Task Pages_before_and_after_give_the_whole_room_also_over_changes()
    {
        using var dora = await ApiClient.SignInAsync(App, "Dora");
        await dora.CreateRoomAsync("Pages");
        foreach (var number in Enumerable.Range(1, 12))
            await dora.SayAsync($"message {number}", "Pages");
        var id = await dora.UploadAsync("late.txt", [1, 2, 3], "Pages");
        await Eventually.TrueAsync(async () => FileOf(await NewestAsync()) is { } file && file.GetProperty("state").GetString() == "ready");
        await DeleteAsync(number: 3);
        var all = await dora.GetAsync("/api/rooms/Pages/messages");

        Assert.Equal(13, all.GetArrayLength());
        Assert.Equal(Enumerable.Range(1, 13), all.EnumerateArray().Select(message => message.GetProperty("number").GetInt32()));
        Assert.Equal(id, FileOf(all[12]).GetProperty("id").GetString());
        Assert.Equal(64, FileOf(all[12]).GetProperty("sha256").GetString()!.Length);
        Assert.Equal((true, "", 0), (all[2].GetProperty("deleted").GetBoolean(), all[2].GetProperty("text").GetString(), all[2].GetProperty("files").GetArrayLength()));

        var back = new List<JsonElement>();
        for (var before = long.MaxValue; ;)
        {
            var page = (await dora.GetAsync($"/api/rooms/Pages/messages?before={before}&limit=5")).EnumerateArray().ToList();
            back.InsertRange(0, page);
            if (page.Count < 5)
                break;
            before = page[0].GetProperty("number").GetInt64();
        }

        Assert.Equal(Raw(all.EnumerateArray()), Raw(back));

        var changes = new List<JsonElement>();
        for (var after = 0L; ;)
        {
            var page = (await dora.GetAsync($"/api/rooms/Pages/messages?after={after}&limit=5")).EnumerateArray().ToList();
            changes.AddRange(page);
            if (page.Count < 5)
                break;
            after = page[^1].GetProperty("changed").GetInt64();
        }

        Assert.Equal(Raw(all.EnumerateArray().OrderBy(message => message.GetProperty("changed").GetInt64())), Raw(changes));
        // The file became ready after it was announced, and the deletion came last.
        Assert.Equal(3, changes[^1].GetProperty("number").GetInt32());
        Assert.True(changes[^2].GetProperty("changed").GetInt64() > changes[^2].GetProperty("number").GetInt64());

        async Task<JsonElement> NewestAsync() => (await dora.GetAsync("/api/rooms/Pages/messages?limit=1"))[0];
    }

    [Fact]
    public async Task Position_with_an_epoch_is_good_for_that_epoch_alone()
    {
        using var ed = await ApiClient.SignInAsync(App, "Ed");
        await ed.CreateRoomAsync("Epochs");
        await ed.SayAsync("one", "Epochs");
        await ed.SayAsync("two", "Epochs");
        using var list = await ed.Http.GetAsync("/api/rooms/Epochs/messages", Cancel);
        var epoch = Assert.Single(list.Headers.GetValues("Epoch"));

        Assert.Equal("two", Assert.Single((await ed.GetAsync($"/api/rooms/Epochs/messages?after={epoch}-1")).EnumerateArray()).GetProperty("text").GetString());
        using var other = await ed.Http.GetAsync("/api/rooms/Epochs/messages?after=0123456789abcdef-1", Cancel);
        Assert.Equal(HttpStatusCode.Conflict, other.StatusCode);
        Assert.Equal(epoch, Assert.Single(other.Headers.GetValues("Epoch")));
    }

    [Fact]
    public async Task Page_is_as_long_as_was_asked_and_fifty_otherwise()
    {
        using var flo = await ApiClient.SignInAsync(App, "Flo");
        await flo.CreateRoomAsync("Long");
        await Task.WhenAll(Enumerable.Range(0, 210).Select(number => flo.SayAsync($"{number}", "Long")));

        Assert.Equal(50, (await flo.GetAsync("/api/rooms/Long/messages")).GetArrayLength());
        Assert.Equal(200, (await flo.GetAsync("/api/rooms/Long/messages?limit=200")).GetArrayLength());
        Assert.Equal(210, (await flo.GetAsync("/api/rooms/Long/messages?limit=1"))[0].GetProperty("number").GetInt32());
    }

    private async Task DeleteAsync(long number)
    {
        var rooms = App.Get<RoomService>();
        var room = rooms.Find(Make.RoomName("Pages"))!;
        var account = await App.Get<AccountService>().CheckPasswordAsync(ApiFixture.Administrator, ApiFixture.Password, "test", Cancel);
        var root = await App.Get<SessionService>().SignInAsync(account!, replaces: null, Cancel);
        await App.Get<Administration>().DeleteMessageAsync(room, room.FindRecent(number)!, root, Cancel);
    }

    private static JsonElement FileOf(JsonElement message) => message.GetProperty("files").EnumerateArray().FirstOrDefault();

    private static IEnumerable<string> Raw(IEnumerable<JsonElement> messages) => messages.Select(message => message.GetRawText());
}
