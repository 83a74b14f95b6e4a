using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Api;

/// <summary>A script: a token and the addresses of the contract.</summary>
internal sealed class ApiClient(RunningApp app, HttpClient http) : IDisposable
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>For what the other members do not say.</summary>
    public HttpClient Http => http;

    public static async Task<ApiClient> SignInAsync(RunningApp app, string nickname, string? program = null)
    {
        var client = new ApiClient(app, app.NewClient(sendsOrigin: false));
        if (program is not null)
            client.Http.DefaultRequestHeaders.UserAgent.ParseAdd(program);
        await client.OpenAsync($$"""{"nickname":"{{nickname}}"}""");
        return client;
    }

    /// <summary>The administrator of <see cref="ApiFixture"/>.</summary>
    public static async Task<ApiClient> SignInAdministratorAsync(RunningApp app)
    {
        var client = new ApiClient(app, app.NewClient(sendsOrigin: false));
        await client.OpenAsync($$"""{"userName":"{{ApiFixture.Administrator}}","password":"{{ApiFixture.Password}}"}""");
        return client;
    }

    /// <summary>Expects 200.</summary>
    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await http.GetAsync(path, Cancel);
        Assert.Equal((path, HttpStatusCode.OK), (path, response.StatusCode));
        return await ReadAsync(response);
    }

    public Task<HttpResponseMessage> PostAsync(string path, string json) =>
        http.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"), Cancel);

    /// <summary>Expects 201.</summary>
    public async Task<JsonElement> SayAsync(string text, string room = "Lobby")
    {
        using var response = await PostAsync($"/api/rooms/{room}/messages", JsonSerializer.Serialize(new { text, clientId = Make.ClientId() }));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return await ReadAsync(response);
    }

    /// <summary>Expects 201.</summary>
    public async Task CreateRoomAsync(string name)
    {
        using var response = await PostAsync("/api/rooms", JsonSerializer.Serialize(new { name }));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    /// <summary>Returns when the stream is open and says where it stands.</summary>
    /// <param name="room">Which.</param>
    /// <param name="query">Such as <c>?after=0</c>.</param>
    /// <param name="last">For <c>Last-Event-ID</c>; null for none.</param>
    public async Task<EventReader> FollowAsync(string room, string query = "", string? last = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/rooms/{room}/events{query}");
        if (last is not null)
            request.Headers.Add("Last-Event-ID", last);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return new EventReader(response);
    }

    public static async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        using var document = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(Cancel), default, Cancel);
        return document.RootElement.Clone();
    }

    /// <summary>A file of these bytes, sent whole; returns its id.</summary>
    public async Task<string> UploadAsync(string name, byte[] bytes, string room = "Lobby")
    {
        var tus = new TusClient(app, http);
        using var created = await tus.SendAsync(
            "POST", "/uploads", TusClient.Part(bytes), ("Upload-Length", bytes.Length.ToString(CultureInfo.InvariantCulture)),
            ("Upload-Metadata", $"room {TusClient.Base64(room)},filename {TusClient.Base64(name)}"));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        return created.Headers.Location!.OriginalString["/uploads/".Length..];
    }

    public void Dispose() => http.Dispose();

    /// <summary>Signs in.</summary>
    public async Task OpenAsync(string json)
    {
        using var response = await PostAsync("/api/session", json);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var opened = await ReadAsync(response);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", opened.GetProperty("accessToken").GetString());
    }
}

/// <summary>An event as it came.</summary>
/// <param name="Type">Such as <c>message</c>.</param>
/// <param name="Id">Epoch, “-” and number.</param>
/// <param name="Data">Empty but for messages.</param>
internal sealed record ApiEvent(string Type, string? Id, string Data)
{
    public JsonElement Message => JsonDocument.Parse(Data).RootElement;

    public long Changed => Message.GetProperty("changed").GetInt64();

    public string? Text => Message.GetProperty("text").GetString();
}

/// <summary>Reads a stream of events when it is asked, not before.</summary>
internal sealed class EventReader : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly IAsyncEnumerator<ApiEvent> _events;

    public EventReader(HttpResponseMessage response)
    {
        _response = response;
        _events = ReadAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
    }

    public HttpResponseMessage Response => _response;

    /// <summary>Null when the stream has ended.</summary>
    public async Task<ApiEvent?> NextAsync() =>
        await _events.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken) ? _events.Current : null;

    /// <summary>The next one that is a message.</summary>
    public async Task<ApiEvent> NextMessageAsync()
    {
        while (await NextAsync() is { } next)
        {
            if (next.Type == "message")
                return next;
        }

        throw new InvalidOperationException("The stream has ended.");
    }

    public async Task<List<ApiEvent>> NextMessagesAsync(int count)
    {
        var messages = new List<ApiEvent>();
        while (messages.Count < count)
            messages.Add(await NextMessageAsync());
        return messages;
    }

    /// <summary>Reads on to the end.</summary>
    public async Task EndedAsync()
    {
        while (await NextAsync() is not null)
        {
        }
    }

    public ValueTask DisposeAsync()
    {
        _response.Dispose();
        return ValueTask.CompletedTask;
    }

    private async IAsyncEnumerable<ApiEvent> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var parser = SseParser.Create(await _response.Content.ReadAsStreamAsync(cancellationToken));
        await foreach (var item in parser.EnumerateAsync(cancellationToken))
            yield return new ApiEvent(item.EventType, item.EventId, item.Data);
    }
}
