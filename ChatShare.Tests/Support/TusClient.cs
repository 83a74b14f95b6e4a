using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace ChatShare.Tests.Support;

/// <summary>A tus client of few words: each call is one request, and the test looks at what comes back.</summary>
internal sealed class TusClient(RunningApp app, HttpClient http)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A file for Lobby; more metadata as pairs.</summary>
    public static string Metadata(string name, params (string Key, string Value)[] more) => string.Join(
        ',', more.Prepend(("filename", name)).Prepend(("room", "Lobby")).Select(pair => $"{pair.Item1} {Base64(pair.Item2)}"));

    public static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <param name="method">A method.</param>
    /// <param name="address">A path.</param>
    /// <param name="content">Null for none.</param>
    /// <param name="headers">Beside <c>Tus-Resumable</c>, which one of this name replaces; null leaves it out.</param>
    public async Task<HttpResponseMessage> SendAsync(
        string method, string address, HttpContent? content, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), address) { Content = content };
        request.Headers.Add("Tus-Resumable", "1.0.0");
        foreach (var (name, value) in headers)
        {
            request.Headers.Remove(name);
            if (value is not null)
                Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return await http.SendAsync(request, Cancel);
    }

    public static HttpContent Part(byte[] bytes) => Typed(new ByteArrayContent(bytes));

    /// <summary>A stream that cannot seek goes in chunks, without a length.</summary>
    public static HttpContent Part(Stream bytes) => Typed(new StreamContent(bytes));

    /// <summary>Returns where the upload is.</summary>
    public async Task<string> CreateAsync(string name, long length, params (string Key, string Value)[] metadata)
    {
        using var response = await SendAsync(
            "POST", "/uploads", content: null, ("Upload-Length", Text(length)), ("Upload-Metadata", Metadata(name, metadata)));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return response.Headers.Location!.OriginalString;
    }

    public Task<HttpResponseMessage> AppendAsync(string location, long offset, HttpContent part, params (string Name, string? Value)[] headers) =>
        SendAsync("PATCH", location, part, [("Upload-Offset", Text(offset)), .. headers]);

    public async Task<HttpStatusCode> AppendAsync(string location, long offset, byte[] part)
    {
        using var response = await AppendAsync(location, offset, Part(part));
        return response.StatusCode;
    }

    public async Task<HttpStatusCode> StatusAsync(string method, string location)
    {
        using var response = await SendAsync(method, location, content: null);
        return response.StatusCode;
    }

    /// <summary>What <c>HEAD</c> says.</summary>
    public async Task<long> OffsetAsync(string location)
    {
        using var response = await SendAsync("HEAD", location, content: null);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return OffsetIn(response);
    }

    public static long OffsetIn(HttpResponseMessage response) =>
        long.Parse(Assert.Single(response.Headers.GetValues("Upload-Offset")), CultureInfo.InvariantCulture);

    /// <summary>Sends the head of a <c>PATCH</c> and some of its bytes, and leaves the socket open.</summary>
    public async Task<TcpClient> BeginPartAsync(string location, long offset, long length, byte[] bytes)
    {
        var host = new Uri(app.Address);
        var socket = new TcpClient();
        await socket.ConnectAsync(host.Host, host.Port, Cancel);
        var head = string.Join("\r\n",
            $"PATCH {location} HTTP/1.1", $"Host: {host.Authority}", $"Origin: {app.Address}", $"Cookie: {RunningApp.CookiesOf(http)}",
            "Tus-Resumable: 1.0.0", "Content-Type: application/offset+octet-stream", $"Upload-Offset: {Text(offset)}", $"Content-Length: {Text(length)}", "", "");
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), Cancel);
        await socket.GetStream().WriteAsync(bytes, Cancel);
        return socket;
    }

    /// <summary>What the room has got under this location.</summary>
    public Task<byte[]> DownloadAsync(string location) =>
        http.GetByteArrayAsync(location.Replace("/uploads/", "/files/", StringComparison.Ordinal) + "/x", Cancel);

    private static HttpContent Typed(HttpContent content)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue("application/offset+octet-stream");
        return content;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
