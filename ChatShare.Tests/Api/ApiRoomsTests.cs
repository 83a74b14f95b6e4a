using System.Net;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Api;

public sealed class ApiRoomsTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rooms_are_made_once_and_listed_with_the_lobby_first()
    {
        using var ann = await ApiClient.SignInAsync(fixture.App, "Ann");
        using var made = await ann.PostAsync("/api/rooms", """{"name":"New ideas","topic":"Ours"}""");
        using var again = await ann.PostAsync("/api/rooms", """{"name":"NEW ideas"}""");
        using var list = await ann.Http.GetAsync("/api/rooms", Cancel);
        var rooms = (await ApiClient.ReadAsync(list)).EnumerateArray().ToList();

        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.Equal("/api/rooms/New%20ideas/messages", made.Headers.Location?.OriginalString);
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Equal("Lobby", rooms[0].GetProperty("name").GetString());
        var room = rooms.Single(room => room.GetProperty("name").GetString() == "New ideas");
        Assert.Equal("""{"name":"New ideas","topic":"Ours","people":0,"lastNumber":0}""", room.GetRawText());
        Assert.Single(list.Headers.GetValues("Epoch"));
    }

    [Theory]
    [InlineData("new%20IDEAS%202")]
    [InlineData("New%20ideas%202")]
    public async Task Room_opens_percent_encoded_in_any_case(string address)
    {
        using var ben = await ApiClient.SignInAsync(fixture.App, $"Ben {Make.ClientId()[..8]}");
        using var made = await ben.PostAsync("/api/rooms", """{"name":"New ideas 2"}""");
        var message = await ben.SayAsync("here", address);

        Assert.Equal("New ideas 2", message.GetProperty("room").GetString());
    }

    [Fact]
    public async Task People_and_files_of_a_room_are_listed()
    {
        using var cleo = await ApiClient.SignInAsync(fixture.App, "Cleo");
        await cleo.CreateRoomAsync("Shared");
        await cleo.SayAsync("hello", "Shared");
        var bytes = Make.Bytes(1000);
        var id = await cleo.UploadAsync("a b.bin", bytes, "Shared");
        using var unfinished = await new TusClient(fixture.App, cleo.Http).SendAsync(
            "POST", "/uploads", content: null, ("Upload-Length", "10"), ("Upload-Metadata", $"room {TusClient.Base64("Shared")},filename {TusClient.Base64("b")}"));

        var person = Assert.Single((await cleo.GetAsync("/api/rooms/Shared/people")).EnumerateArray());
        Assert.Equal("""{"nickname":"Cleo","state":"online","doors":["API"]}""", person.GetRawText());
        await Eventually.TrueAsync(async () => (await cleo.GetAsync("/api/rooms/Shared/files")).GetArrayLength() == 1);
        var file = (await cleo.GetAsync("/api/rooms/Shared/files"))[0];
        Assert.Equal(
            (id, "a b.bin", 1000, Make.Sha256(bytes), "ready", "Cleo"),
            (file.GetProperty("id").GetString(), file.GetProperty("name").GetString(), file.GetProperty("size").GetInt32(),
                file.GetProperty("sha256").GetString(), file.GetProperty("state").GetString(), file.GetProperty("sender").GetString()));
        Assert.Equal(bytes, await cleo.Http.GetByteArrayAsync($"/files/{id}/a%20b.bin", Cancel));
    }
}
