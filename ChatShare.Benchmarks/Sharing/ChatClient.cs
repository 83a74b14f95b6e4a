using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ChatShare.Benchmarks.Sharing;

/// <summary>A person at the chat's HTTP doors, with a token.</summary>
internal sealed class ChatClient : IDisposable
{
    private readonly HttpClient _http;

    private ChatClient(Uri server, string token)
    {
        Token = token;
        _http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 100 }) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        _http.DefaultRequestHeaders.Add("Tus-Resumable", "1.0.0");
    }

    public string Token { get; }

    public static Task<ChatClient> JoinAsync(Uri server, string nickname, CancellationToken cancellationToken) =>
        OpenAsync(server, new { nickname }, cancellationToken);

    public static Task<ChatClient> SignInAsync(Uri server, string userName, string password, CancellationToken cancellationToken) =>
        OpenAsync(server, new { userName, password }, cancellationToken);

    private static async Task<ChatClient> OpenAsync(Uri server, object who, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = server };
        using var response = await http.PostAsJsonAsync("/api/session", who, cancellationToken);
        response.EnsureSuccessStatusCode();
        var session = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return new ChatClient(server, session.GetProperty("accessToken").GetString()!);
    }

    /// <returns>The file's id.</returns>
    public async Task<string> CreateAsync(string name, long length, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/uploads");
        request.Headers.Add("Upload-Length", length.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("Upload-Metadata", $"room {Base64("Lobby")},filename {Base64(name)}");
        using var response = await _http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        return response.Headers.Location!.OriginalString.Split('/')[^1];
    }

    /// <summary>Sends the bytes of a seed in one request; returns when they are the file.</summary>
    /// <returns>Their SHA-256 in hexadecimal.</returns>
    public async Task<string> SendAsync(string id, int seed, long length, CancellationToken cancellationToken)
    {
        using var content = new GeneratedContent(seed, length);
        using var request = new HttpRequestMessage(HttpMethod.Patch, $"/uploads/{id}") { Content = content };
        request.Headers.Add("Upload-Offset", "0");
        using var response = await _http.SendAsync(request, cancellationToken);
        return response.StatusCode == HttpStatusCode.NoContent
            ? content.Sha256
            : throw new InvalidOperationException($"The upload was refused: {response.StatusCode}, {await response.Content.ReadAsStringAsync(cancellationToken)}");
    }

    /// <summary>What the server says that the finished file hashes to.</summary>
    public async Task<string?> Sha256Async(string id, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, $"/files/{id}/x");
        using var response = await _http.SendAsync(request, cancellationToken);
        return response.Headers.ETag?.Tag.Trim('"');
    }

    /// <summary>The head of an answer to a GET of the file; its body is not read.</summary>
    public async Task<HttpResponseHeaders> HeadersAsync(string id, CancellationToken cancellationToken)
    {
        using var response = await _http.GetAsync(new Uri($"/files/{id}/x", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return response.Headers;
    }

    /// <summary>Reads the file, while it still arrives or later.</summary>
    /// <returns>The SHA-256 of what was read.</returns>
    public async Task<string> ReadAsync(string id, CancellationToken cancellationToken)
    {
        await using var stream = await _http.GetStreamAsync(new Uri($"/files/{id}/x", UriKind.Relative), cancellationToken);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
    }

    public async Task CreateRoomAsync(string name, CancellationToken cancellationToken)
    {
        using var response = await _http.PostAsJsonAsync("/api/rooms", new { name }, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>How many connections the server has; for administrators.</summary>
    public async Task<int> CountConnectionsAsync(CancellationToken cancellationToken) =>
        (await _http.GetFromJsonAsync<JsonElement>("/api/connections", cancellationToken)).GetArrayLength();

    /// <summary>The session ends.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        using var response = await _http.DeleteAsync(new Uri("/api/session", UriKind.Relative), cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    public void Dispose() => _http.Dispose();

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>Bytes that are made while they are sent, and hashed on the way.</summary>
    private sealed class GeneratedContent : HttpContent
    {
        private readonly int _seed;
        private readonly long _length;

        public GeneratedContent(int seed, long length)
        {
            (_seed, _length) = (seed, length);
            Headers.ContentType = new MediaTypeHeaderValue("application/offset+octet-stream");
        }

        public string Sha256 { get; private set; } = "";

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await foreach (var piece in Payload.PiecesAsync(_seed, _length))
            {
                hash.AppendData(piece.Span);
                await stream.WriteAsync(piece);
            }

            Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _length;
            return true;
        }
    }
}
