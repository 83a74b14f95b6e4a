using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ChatShare.Cli.Http;

/// <summary>
/// A ChatShare server over HTTP, as the contract of its API says. Every method throws <see cref="Failure"/> with a sentence when the
/// server cannot be reached or refuses.
/// </summary>
internal sealed class ChatShareClient : IDisposable
{
    /// <summary>Changes that the server tells at once.</summary>
    public const int MostAtOnce = 200;

    private static readonly string Version =
        typeof(ChatShareClient).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private readonly TrustedCertificate _certificate;
    private readonly HttpClient _http;

    /// <param name="server">Ends with a slash.</param>
    /// <param name="token">Null before somebody has signed in.</param>
    /// <param name="trustedCertificate">The SHA-256 of a certificate to trust; null for none but those that the machine trusts.</param>
    public ChatShareClient(Uri server, string? token, string? trustedCertificate)
    {
        Server = server;
        Token = token;
        _certificate = new TrustedCertificate(trustedCertificate);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            SslOptions = { RemoteCertificateValidationCallback = _certificate.IsTrusted },
        };
        _http = new HttpClient(handler) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
        // By its name the server tells this door from other programs.
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("chatshare-cli", Version));
    }

    /// <summary>A question is answered in this time or not at all; bodies of files and events take as long as they take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Ends with a slash.</summary>
    public Uri Server { get; }

    /// <summary>Null before somebody has signed in.</summary>
    public string? Token { get; set; }

    /// <summary>Whether it has ever answered; one that has not may be a wrong address.</summary>
    public bool HasAnswered { get; private set; }

    /// <summary>Signs in, joins, or renews the token that there is.</summary>
    public async Task<OpenedSession> OpenSessionAsync(SessionRequest who, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(who, ApiJson.Default.SessionRequest);
        try
        {
            var opened = await AskAsync(HttpMethod.Post, "api/session", content, ApiJson.Default.OpenedSession, cancellationToken);
            // It is saved, and every command that comes would stumble over it.
            return IsToken(opened.AccessToken) && opened.ExpiresIn is >= 0 and <= int.MaxValue ? opened : throw NotOurs();
        }
        catch (Failure failure) when (failure is { IsProblem: false, Status: HttpStatusCode.Forbidden or HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed })
        {
            // Ours says why, but at a path that is none of its API: there it is like any other web server.
            throw new Failure(failure.Code, $"There is no ChatShare at {ServerAddress.Text(Server)}.", failure) { Status = failure.Status };
        }
    }

    /// <summary>Whether it can stand in a header.</summary>
    public static bool IsToken(string? text) => !string.IsNullOrEmpty(text) && text.All(c => c is > ' ' and <= '~');

    /// <summary>Ends the session of the token, and with it all that hangs on it.</summary>
    public Task LeaveAsync(CancellationToken cancellationToken) => TellAsync(HttpMethod.Delete, "api/session", cancellationToken);

    /// <summary>All rooms.</summary>
    public Task<Room[]> RoomsAsync(CancellationToken cancellationToken) =>
        AskAsync(HttpMethod.Get, "api/rooms", null, ApiJson.Default.RoomArray, cancellationToken);

    /// <summary>Who is in a room.</summary>
    public Task<PersonHere[]> PeopleAsync(string room, CancellationToken cancellationToken) =>
        AskAsync(HttpMethod.Get, $"{PathOf(room)}/people", null, ApiJson.Default.PersonHereArray, cancellationToken);

    /// <summary>The files of a room.</summary>
    public Task<FileInMessage[]> FilesAsync(string room, CancellationToken cancellationToken) =>
        AskAsync(HttpMethod.Get, $"{PathOf(room)}/files", null, ApiJson.Default.FileInMessageArray, cancellationToken);

    /// <summary>Posts a message; the same <paramref name="clientId"/> again gives the message that is there.</summary>
    public Task<Message> SendAsync(string room, string text, string clientId, CancellationToken cancellationToken) => AskAsync(
        HttpMethod.Post, $"{PathOf(room)}/messages", JsonContent.Create(new NewMessage(text, clientId), ApiJson.Default.NewMessage),
        ApiJson.Default.Message, cancellationToken);

    /// <summary>The newest messages, in ascending order, and the place after them.</summary>
    public Task<(Message[] Messages, Position At)> NewestAsync(string room, int limit, CancellationToken cancellationToken) =>
        PageAsync(string.Create(CultureInfo.InvariantCulture, $"{PathOf(room)}/messages?limit={limit}"), after: 0, cancellationToken);

    /// <summary>What changed after a place, in that order, and the place after it; at most <see cref="MostAtOnce"/>.</summary>
    public Task<(Message[] Messages, Position At)> ChangedAfterAsync(string room, Position after, CancellationToken cancellationToken) =>
        PageAsync($"{PathOf(room)}/messages?limit={MostAtOnce}&after={Uri.EscapeDataString(after.ToString())}", after.Number, cancellationToken);

    /// <summary>The administrator's list.</summary>
    public Task<Connection[]> ConnectionsAsync(CancellationToken cancellationToken) =>
        AskAsync(HttpMethod.Get, "api/connections", null, ApiJson.Default.ConnectionArray, cancellationToken);

    /// <summary>Ends somebody's session.</summary>
    /// <param name="connectionId">As the list tells it.</param>
    /// <param name="reason">What they are told; null for nothing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task DisconnectAsync(string connectionId, string? reason, CancellationToken cancellationToken) => TellAsync(
        HttpMethod.Delete,
        $"api/connections/{Uri.EscapeDataString(connectionId)}{(reason is null ? "" : "?reason=" + Uri.EscapeDataString(reason))}",
        cancellationToken);

    /// <summary>The stream of a room's changes after a place; dispose the answer to leave.</summary>
    public async Task<HttpResponseMessage> OpenEventsAsync(string room, Position after, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{PathOf(room)}/events?after={Uri.EscapeDataString(after.ToString())}");
        request.Headers.Accept.Add(new("text/event-stream"));
        request.Headers.CacheControl = new() { NoCache = true };
        if (after.Epoch is not null)
            request.Headers.Add("Last-Event-ID", after.ToString());
        return await SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>Any request of these parts of the server whose answer is in its head. A server that accepts it and says nothing is given up.</summary>
    /// <exception cref="Failure">It was refused, or there is no answer in time.</exception>
    public Task<T> AskAsync<T>(HttpRequestMessage request, Func<HttpResponseMessage, T> read, CancellationToken cancellationToken) =>
        InTimeAsync(request, (response, _) => Task.FromResult(read(response)), cancellationToken);

    /// <summary>Any request of these parts of the server that carries bytes, for as long as its caller waits. A refusal is thrown; the answer is the caller's to dispose.</summary>
    /// <exception cref="Failure">It was refused, or there is no answer.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCompletionOption until, CancellationToken cancellationToken)
    {
        if (Token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, until, cancellationToken);
        }
        catch (Exception e) when (IsBreak(e))
        {
            throw Broken(e);
        }

        HasAnswered = true;
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw await Refusals.ReadAsync(response, cancellationToken);
    }

    /// <summary>Whether it is how a connection breaks. A socket's own is let through by the framework when it breaks as soon as it is made.</summary>
    public static bool IsBreak(Exception e) => e is HttpRequestException or IOException or SocketException;

    /// <summary>What a broken connection means.</summary>
    public Failure Broken(Exception e)
    {
        // A file of our own that could not be read on its way out says so itself.
        for (var cause = e.InnerException; cause is not null; cause = cause.InnerException)
        {
            if (cause is Failure own)
                return own;
        }

        var server = ServerAddress.Text(Server);
        if (e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError })
        {
            return _certificate.TurnedAway is { } sha256
                ? new(ExitCode.NoServer, $"This machine does not trust the certificate of {server}. Its SHA-256 is {sha256}. If whoever runs the server says the same, add: --trust-certificate {sha256}", e)
                : new(ExitCode.NoServer, $"There is no secure connection to {server}: {(e.InnerException ?? e).Message}", e);
        }

        return HasAnswered
            ? new(ExitCode.NoServer, $"The connection to {server} is lost.", e) { IsPassing = true }
            : new(ExitCode.NoServer, $"{server} cannot be reached: {(e.InnerException ?? e).Message}", e) { IsPassing = true };
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private static string PathOf(string room) => $"api/rooms/{Uri.EscapeDataString(room)}";

    private async Task<(Message[] Messages, Position At)> PageAsync(string path, long after, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await InTimeAsync(
            request,
            async (response, until) =>
            {
                var messages = await ReadAsync(response, ApiJson.Default.MessageArray, until);
                var epoch = response.Headers.TryGetValues("Epoch", out var values) ? values.FirstOrDefault() : null;
                return (messages, new Position(epoch, messages.Select(message => message.Changed).Append(after).Max()));
            },
            cancellationToken);
    }

    private async Task<T> AskAsync<T>(HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        return await InTimeAsync(request, (response, until) => ReadAsync(response, type, until), cancellationToken);
    }

    private async Task TellAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        await InTimeAsync(request, (_, _) => Task.FromResult(true), cancellationToken);
    }

    private async Task<T> InTimeAsync<T>(
        HttpRequestMessage request, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        until.CancelAfter(Patience);
        try
        {
            using var response = await SendAsync(request, HttpCompletionOption.ResponseHeadersRead, until.Token);
            return await read(response, until.Token);
        }
        catch (Exception e) when (IsBreak(e))
        {
            throw Broken(e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new Failure(ExitCode.NoServer, $"{ServerAddress.Text(Server)} does not answer.", e) { IsPassing = true };
        }
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            // Whatever charset the answer names: JSON is UTF-8.
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var read = await JsonSerializer.DeserializeAsync(body, type, cancellationToken);
            return read is null || (read is Array list && list.Cast<object?>().Contains(null)) ? throw new JsonException("null") : read;
        }
        catch (JsonException e)
        {
            throw NotOurs(e);
        }
    }

    private Failure NotOurs(Exception? inner = null) => new(ExitCode.Refused, $"{ServerAddress.Text(Server)} does not answer as ChatShare does.", inner);
}
