using System.Net;
using System.Text.RegularExpressions;

namespace ChatShare.Benchmarks.Circuits;

/// <summary>Somebody who asks for pages: an address, and the cookies that the server gave them.</summary>
internal sealed partial class Visitor
{
    private Visitor(Uri server) => Server = server;

    public Uri Server { get; }

    public CookieContainer Cookies { get; } = new();

    public static Visitor Anonymous(Uri server) => new(server);

    /// <summary>Fills in the page that asks for a nickname.</summary>
    public static async Task<Visitor> JoinAsync(Uri server, string nickname, CancellationToken cancellationToken)
    {
        var visitor = new Visitor(server);
        using var client = visitor.NewClient();
        var fields = FieldsOf(await client.GetStringAsync(server, cancellationToken));
        fields["Nickname"] = nickname;
        using var request = new HttpRequestMessage(HttpMethod.Post, server) { Content = new FormUrlEncodedContent(fields) };
        request.Headers.Add("Origin", server.GetLeftPart(UriPartial.Authority));
        using var answer = await client.SendAsync(request, cancellationToken);
        if (answer.RequestMessage!.RequestUri!.AbsolutePath == "/")
            throw new InvalidOperationException($"{nickname} could not join: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
        return visitor;
    }

    /// <summary>The button <c>Leave</c>.</summary>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        using var client = NewClient();
        // Each page with a form has the token.
        var fields = FieldsOf(await client.GetStringAsync(new Uri(Server, "/signin"), cancellationToken));
        using var answer = await PostAsync(client, "/leave", new FormUrlEncodedContent(fields.Where(field => field.Key != "_handler")), cancellationToken);
        if (answer.RequestMessage!.RequestUri!.AbsolutePath != "/")
            throw new InvalidOperationException($"Leaving was refused: {answer.StatusCode}");
    }

    /// <summary>What <c>blazor.web.js</c> sends when its window is closed.</summary>
    public async Task TellClosedAsync(string circuit, CancellationToken cancellationToken)
    {
        using var client = NewClient();
        using var content = new MultipartFormDataContent { { new StringContent(circuit), "circuitId" } };
        using var answer = await PostAsync(client, "/_blazor/disconnect", content, cancellationToken);
    }

    /// <summary>What a page says about its components: one JSON object for each, and the state that goes with them.</summary>
    public async Task<(IReadOnlyList<string> Components, string State)> OpenAsync(string path, CancellationToken cancellationToken)
    {
        using var client = NewClient();
        var page = await client.GetStringAsync(new Uri(Server, path), cancellationToken);
        // A prerendered component has a second comment, at its end, which names no type.
        List<string> components =
            [.. Component().Matches(page).Select(match => match.Groups["json"].Value).Where(json => json.Contains("\"type\":", StringComparison.Ordinal))];
        if (components.Count == 0)
            throw new InvalidOperationException($"{path} has no components for a circuit.");
        return (components, State().Match(page).Groups["state"].Value);
    }

    private async Task<HttpResponseMessage> PostAsync(HttpClient client, string path, HttpContent content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Server, path)) { Content = content };
        request.Headers.Add("Origin", Server.GetLeftPart(UriPartial.Authority));
        return await client.SendAsync(request, cancellationToken);
    }

    private static Dictionary<string, string> FieldsOf(string page) => HiddenField().Matches(page).Select(match => match.Value)
        .ToDictionary(field => Attribute(field, "name"), field => Attribute(field, "value"), StringComparer.Ordinal);

    private HttpClient NewClient() => new(new SocketsHttpHandler { CookieContainer = Cookies });

    private static string Attribute(string tag, string name) =>
        WebUtility.HtmlDecode(Regex.Match(tag, $"\\b{name}=\"([^\"]*)\"", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value);

    [GeneratedRegex("<input[^>]*type=\"hidden\"[^>]*>", RegexOptions.None, 1000)]
    private static partial Regex HiddenField();

    [GeneratedRegex("<!--Blazor:(?<json>\\{.*?\\})-->", RegexOptions.None, 1000)]
    private static partial Regex Component();

    [GeneratedRegex("<!--Blazor-Server-Component-State:(?<state>.*?)-->", RegexOptions.None, 1000)]
    private static partial Regex State();
}
