using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Files;

/// <summary>Behind a real nginx with the lines that docs/operations.md gives.</summary>
public sealed class NginxTests
{
    private const string Nginx = "/usr/sbin/nginx";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Downloads_come_through_nginx_with_the_bytes_ranges_and_headers_of_the_program_itself()
    {
        await using var direct = await RunningApp.StartAsync();
        await using var app = await RunningApp.StartAsync("ChatShare:Downloads:AccelRedirectPrefix=/protected", "ChatShare:TrustedProxies=127.0.0.1");
        using var nginx = await FrontAsync(app);
        var content = Make.Bytes(3_000_000);
        var (one, oneSession) = await direct.EnterAsync("Ann");
        var (two, twoSession) = await app.EnterAsync("Ann");
        var plain = await direct.ShareAsync(oneSession, "грüße 100% \"x\".html", content);
        var fronted = await app.ShareAsync(twoSession, "грüße 100% \"x\".html", content);
        using var through = Through(nginx, two);
        var tag = $"\"{Make.Sha256(content)}\"";

        foreach (var headers in new (string, string)[][]
                 {
                     [], [("Range", "bytes=0-999")], [("Range", "bytes=-1000")], [("Range", "bytes=2999000-")], [("Range", "bytes=3000000-")],
                     [("Range", "bytes=0-1,5-6")], [("Range", "bytes=10-19"), ("If-Range", tag)], [("Range", "bytes=10-19"), ("If-Range", "\"other\"")],
                     [("If-None-Match", tag)],
                 })
        {
            var what = string.Join("; ", headers.Select(header => $"{header.Item1}: {header.Item2}"));
            using var expected = await one.BeginGetAsync(plain.Address(), headers);
            using var actual = await through.BeginGetAsync(fronted.Address(), headers);
            Assert.Equal((what, expected.StatusCode), (what, actual.StatusCode));
            Assert.Equal((what, expected.Header("Content-Range")), (what, actual.Header("Content-Range")));
            var bytes = await actual.Content.ReadAsByteArrayAsync(Cancel);
            if (!actual.IsSuccessStatusCode)
                continue;
            Assert.Equal((what, Make.Sha256(await expected.Content.ReadAsByteArrayAsync(Cancel))), (what, Make.Sha256(bytes)));
            foreach (var name in new[]
                     {
                         "Content-Type", "Content-Disposition", "Content-Length", "ETag", "Repr-Digest", "Cache-Control", "X-Content-Type-Options",
                         "Content-Security-Policy", "Cross-Origin-Resource-Policy", "Cross-Origin-Opener-Policy", "Referrer-Policy", "Permissions-Policy",
                     })
            {
                Assert.Equal((what, name, expected.Header(name)), (what, name, actual.Header(name)));
            }
        }

        // Where the files are is nobody's business, and no way in.
        using var inside = await through.BeginGetAsync($"/protected/files/{fronted.File.Sha256![..2]}/{fronted.File.Sha256}");
        Assert.Equal(HttpStatusCode.NotFound, inside.StatusCode);
        using var stranger = new HttpClient { BaseAddress = new Uri(nginx.Address) };
        using var refused = await stranger.BeginGetAsync(fronted.Address());
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task A_file_is_taken_through_nginx_while_it_is_sent_through_nginx()
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Downloads:AccelRedirectPrefix=/protected", "ChatShare:TrustedProxies=127.0.0.1");
        using var nginx = await FrontAsync(app);
        var (ann, _) = await app.EnterAsync("Ann");
        using var through = Through(nginx, ann);
        var tus = new TusClient(app, through);
        var content = Make.Bytes(2_000_000);
        var location = await tus.CreateAsync("half.bin", content.Length);
        using var taken = await through.BeginGetAsync(location.Replace("/uploads/", "/files/", StringComparison.Ordinal));
        await using var body = await taken.Content.ReadAsStreamAsync(Cancel);

        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 0, content[..1_000_000]));
        var got = new byte[content.Length];
        // Nothing of it waits in nginx until the rest is there.
        await body.ReadExactlyAsync(got.AsMemory(0, 1_000_000), Cancel);
        Assert.Equal(HttpStatusCode.NoContent, await tus.AppendAsync(location, 1_000_000, content[1_000_000..]));
        await body.ReadExactlyAsync(got.AsMemory(1_000_000), Cancel);

        Assert.Equal(Make.Sha256(content), Make.Sha256(got));
    }

    private static HttpClient Through(Front nginx, HttpClient signedIn)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(nginx.Address) };
        client.DefaultRequestHeaders.Add("Cookie", RunningApp.CookiesOf(signedIn));
        client.DefaultRequestHeaders.Add("Origin", nginx.Address);
        return client;
    }

    private static async Task<Front> FrontAsync(RunningApp app)
    {
        Assert.SkipUnless(File.Exists(Nginx), "nginx is not installed; ./test installs it on Debian as root.");
        var front = new Front(app);
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                using var socket = new TcpClient();
                await socket.ConnectAsync(IPAddress.Loopback, front.Port, Cancel);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
        return front;
    }

    /// <summary>nginx with a folder of its own, in front of one application.</summary>
    private sealed class Front : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly Process _process;

        public Front(RunningApp app)
        {
            using (var listener = new TcpListener(IPAddress.Loopback, 0))
            {
                listener.Start();
                Port = ((IPEndPoint)listener.LocalEndpoint).Port;
            }

            var server = File.ReadAllText(SourceTree.Folder("docs/operations.md")).Split("```nginx\n")[1].Split("```")[0]
                .Replace("listen 80;", $"listen 127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)};", StringComparison.Ordinal)
                .Replace("http://127.0.0.1:5080", app.Address, StringComparison.Ordinal)
                .Replace("/srv/chatshare/downloads/", app.DownloadsDirectory + "/", StringComparison.Ordinal);
            // The workers of a root's nginx would be somebody else, and the files of the test are root's.
            var user = Environment.UserName == "root" ? "user root;" : "";
            File.WriteAllText(_folder.File("nginx.conf"), $$"""
                daemon off; {{user}} worker_processes 1; pid {{_folder.File("pid")}}; error_log stderr error;
                events { worker_connections 64; }
                http {
                  access_log off; sendfile on; client_body_temp_path {{_folder.File("body")}}; proxy_temp_path {{_folder.File("proxy")}};
                  fastcgi_temp_path {{_folder.File("fastcgi")}}; uwsgi_temp_path {{_folder.File("uwsgi")}}; scgi_temp_path {{_folder.File("scgi")}};
                  {{server}}
                }
                """);
            _process = Process.Start(new ProcessStartInfo(Nginx, ["-p", _folder.File(""), "-c", _folder.File("nginx.conf")]) { UseShellExecute = false })!;
        }

        public int Port { get; }

        public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}");

        public void Dispose()
        {
            // Its workers end with it only when it is asked to stop.
            using (var stop = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
                stop.WaitForExit();
            _process.WaitForExit();
            _process.Dispose();
            _folder.Dispose();
        }
    }
}
