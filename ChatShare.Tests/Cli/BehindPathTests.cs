using System.Text.Json;
using ChatShare.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ChatShare.Tests.Cli;

/// <summary>A server that a proxy has under a path, of which the server itself knows nothing.</summary>
public sealed class BehindPathTests(CliServer server) : IClassFixture<CliServer>
{
    private const string Path = "/chat/";

    [Fact]
    public async Task Files_are_shared_and_fetched_behind_a_path()
    {
        using var http = new HttpClient { BaseAddress = new Uri(server.App.Address + "/") };
        await using var proxy = await StandInServer.StartAsync(app => app.Map(Path + "{**rest}", context => PassOnAsync(http, context)));
        using var home = new CliHome(proxy.Address + Path);
        var content = Make.Bytes(300_000, seed: 61);
        home.Write("plan.bin", content);

        var shared = await home.RunAsync("upload", "plan.bin", "--nick", "Path", "--json");
        Assert.True(shared.Code == 0, shared.Notes);
        Assert.StartsWith(proxy.Address + Path + "files/", JsonDocument.Parse(shared.Output).RootElement.GetProperty("url").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, (await home.RunAsync("get", "plan.bin")).Code);
        Assert.Equal(content, await File.ReadAllBytesAsync(home.File("downloads/plan.bin"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_path_at_which_the_server_is_not_is_told_to_have_none()
    {
        using var home = new CliHome(server.App.Address + "/foo");

        var result = await home.RunAsync("rooms", "--nick", "Lost");

        Assert.Equal((1, $"chatshare: There is no ChatShare at {server.App.Address}/foo.\n"), (result.Code, result.Notes));
    }

    [Theory]
    [InlineData(403, null, "There is no ChatShare at")]
    [InlineData(404, "text/html", "There is no ChatShare at")]
    [InlineData(404, "application/json", "There is no ChatShare at")]
    [InlineData(405, null, "There is no ChatShare at")]
    [InlineData(403, "application/problem+json", "Not here.")]
    public async Task Only_what_ChatShare_refuses_itself_is_told_in_its_words(int status, string? type, string sentence)
    {
        await using var other = await StandInServer.StartAsync(app => app.MapPost(Path + "api/session", context =>
        {
            (context.Response.StatusCode, context.Response.ContentType) = (status, type);
            return context.Response.WriteAsync(type is null ? "" : "{\"detail\":\"Not here.\"}", context.RequestAborted);
        }));
        using var home = new CliHome(other.Address + Path);

        var result = await home.RunAsync("rooms", "--nick", "Ann");

        Assert.Equal(1, result.Code);
        Assert.StartsWith("chatshare: " + sentence, result.Notes, StringComparison.Ordinal);
    }

    private static async Task PassOnAsync(HttpClient http, HttpContext context)
    {
        var asked = context.Request;
        using var request = new HttpRequestMessage(new HttpMethod(asked.Method), asked.Path.Value![Path.Length..] + asked.QueryString);
        if (asked.ContentLength > 0 || asked.Headers.TransferEncoding.Count > 0)
            request.Content = new StreamContent(asked.Body);
        foreach (var (name, values) in asked.Headers.Where(header => header.Key != "Host"))
        {
            if (!request.Headers.TryAddWithoutValidation(name, values.ToArray()))
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
        }

        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key != "Transfer-Encoding"))
            context.Response.Headers[name] = values.ToArray();
        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
