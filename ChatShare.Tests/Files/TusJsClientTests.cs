using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>A client that others wrote, against the real program, which is killed in the middle.</summary>
public sealed class TusJsClientTests
{
    private const int PartBytes = 4_000_000;

    private static readonly string Package = SourceTree.Folder("artifacts/node/node_modules/tus-js-client");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Upload_of_a_foreign_client_survives_a_kill_of_the_server(bool withCreation)
    {
        Assert.SkipUnless(Directory.Exists(Package), "tus-js-client is not installed; ./test installs it where npm is.");
        Assert.SkipUnless(HasNode(), "Node is not installed.");
        using var folder = new TemporaryFolder();
        var content = Make.Bytes(4 * PartBytes + 12_345);
        var path = folder.File("disk image.iso");
        await File.WriteAllBytesAsync(path, content, Cancel);
        await using var server = await ServerProcess.StartAsync(Cancel);
        using var http = new HttpClient { BaseAddress = new Uri(server.Address) };
        var token = await SignInAsync(http);
        using var client = Start(server, token, path, withCreation);
        try
        {
            Assert.Equal("half", await client.StandardOutput.ReadLineAsync(Cancel));
            await server.KillAsync(Cancel);
            // It meets nobody, and tries again until there is a server.
            await client.StandardInput.WriteLineAsync();
            await server.StartAgainAsync(Cancel);
            var done = await client.StandardOutput.ReadLineAsync(Cancel);
            // It ends without a word there when it has given up.
            Assert.StartsWith("done /uploads/", done ?? await client.StandardError.ReadToEndAsync(Cancel), StringComparison.Ordinal);

            http.DefaultRequestHeaders.Authorization = new("Bearer", token);
            var file = await http.GetByteArrayAsync(done![5..].Replace("/uploads/", "/files/", StringComparison.Ordinal) + "/x", Cancel);
            Assert.Equal(Make.Sha256(content), Make.Sha256(file));
        }
        finally
        {
            if (!client.HasExited)
                client.Kill();
            await client.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static bool HasNode() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, "node")) || File.Exists(Path.Combine(folder, "node.exe")));

    private static Process Start(ServerProcess server, string token, string path, bool withCreation)
    {
        var start = new ProcessStartInfo("node")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments =
        [
            Path.Combine(SourceTree.Folder("ChatShare.Tests"), "Files", "tus-client.cjs"), Package, server.Address, token, path,
            PartBytes.ToString(CultureInfo.InvariantCulture), withCreation ? "true" : "false",
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    private static async Task<string> SignInAsync(HttpClient http)
    {
        using var response = await http.PostAsJsonAsync("/api/session", new { nickname = "Ann" }, Cancel);
        response.EnsureSuccessStatusCode();
        var opened = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        return opened.GetProperty("accessToken").GetString()!;
    }
}
