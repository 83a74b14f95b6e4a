using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace ChatShare.Tests.Support;

/// <summary>
/// nginx or Caddy with TLS in front of one application, by the files in deploy/: ports, folders and the application's address alone are the
/// test's own.
/// </summary>
internal sealed class Front : IAsyncDisposable
{
    public const string Nginx = "nginx";
    public const string Caddy = "caddy";

    /// <summary>Which of several nodes an answer is of: the last of those that were asked.</summary>
    public const string NodeHeader = "X-Node";

    /// <summary>The name that it answers to.</summary>
    public const string Host = "chat.example.org";

    private const string NginxPath = "/usr/sbin/nginx";
    private const string CaddyPath = "/usr/bin/caddy";
    private const string Secure = "add_header Strict-Transport-Security \"max-age=31536000\" always;";

    private readonly TemporaryFolder _folder = new();
    private readonly List<IDisposable> _disposables = [];
    private readonly int _port = Sockets.FreePort();
    private readonly int _plainPort = Sockets.FreePort();
    private X509Certificate2? _authority;
    private Process? _process;

    private Front()
    {
    }

    /// <summary>Where it answers over TLS: by a name that only its own clients know.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"https://{Host}:{_port}");

    /// <summary>Where it answers without TLS.</summary>
    public string PlainAddress => string.Create(CultureInfo.InvariantCulture, $"http://{Host}:{_plainPort}");

    /// <param name="kind"><see cref="Nginx"/> or <see cref="Caddy"/>; the test is skipped without it.</param>
    /// <param name="apps">One, or the nodes; they trust 127.0.0.1 and hand files over below <c>/protected</c>.</param>
    public static Task<Front> StartAsync(string kind, params RunningApp[] apps) =>
        StartAsync(kind, apps[0].DownloadsDirectory, [.. apps.Select(app => app.Address)]);

    /// <summary>The same with nodes that are known by their addresses; each answer has <see cref="NodeHeader"/>.</summary>
    public static async Task<Front> StartAsync(string kind, string downloads, params string[] nodes)
    {
        Require(kind);
        var front = new Front();
        try
        {
            await Command.RequireAsync(SourceTree.Folder("deploy/make-certificates"), front._folder.Path, Host);
            front._authority = X509CertificateLoader.LoadCertificateFromFile(front._folder.File("authority.pem"));
            string[] authorities = [.. nodes.Select(node => new Uri(node).Authority)];
            await (kind == Nginx ? front.StartNginxAsync(downloads, authorities) : front.StartCaddyAsync(downloads, authorities));
            return front;
        }
        catch
        {
            await front.DisposeAsync();
            throw;
        }
    }

    /// <summary>Skips the test where it is not installed.</summary>
    public static void Require(string kind)
    {
        Assert.SkipUnless(File.Exists(kind == Nginx ? NginxPath : CaddyPath), $"{kind} is not installed; ./test installs it on Debian as root.");
        Assert.SkipUnless(File.Exists("/usr/bin/openssl"), "openssl is not installed.");
    }

    /// <summary>Trusts the authority, and nobody else, for this name; knows where the name is.</summary>
    public SocketsHttpHandler NewHandler(CookieContainer? cookies = null)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(_authority!);
        return new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = cookies is not null,
            CookieContainer = cookies ?? new CookieContainer(),
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust },
            ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
    }

    /// <summary>A browser without a page; disposed with this.</summary>
    /// <param name="cookies">Where it keeps cookies; null for none of its own.</param>
    public HttpClient NewClient(CookieContainer? cookies = null)
    {
        var client = new HttpClient(NewHandler(cookies)) { BaseAddress = new Uri(Address) };
        client.DefaultRequestHeaders.Add("Origin", Address);
        _disposables.Add(client);
        return client;
    }

    /// <summary>Somebody who has joined at the application itself and comes through here now.</summary>
    public HttpClient Through(HttpClient signedIn)
    {
        var client = NewClient();
        client.DefaultRequestHeaders.Add("Cookie", RunningApp.CookiesOf(signedIn));
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var disposable in _disposables)
            disposable.Dispose();
        if (_process is { HasExited: false })
        {
            // The workers of nginx end with it only when it is asked to stop.
            await Command.RunAsync("kill", "-TERM", _process.Id.ToString(CultureInfo.InvariantCulture));
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process?.Dispose();
        _authority?.Dispose();
        _folder.Dispose();
    }

    private async Task StartNginxAsync(string downloads, string[] nodes)
    {
        var site = Replace(
            await File.ReadAllTextAsync(SourceTree.Folder("deploy/nginx.conf"), TestContext.Current.CancellationToken),
            ("listen 80;", $"listen 127.0.0.1:{Text(_plainPort)};"),
            ("listen 443 ssl;", $"listen 127.0.0.1:{Text(_port)} ssl;"),
            ("listen [::]:80;", ""),
            ("listen [::]:443 ssl;", ""),
            ("server 127.0.0.1:5080;", string.Join(' ', nodes.Select(node => $"server {node};"))),
            // Beside it, since what a server says takes the place of what is said around it.
            (Secure, nodes.Length > 1 ? $"{Secure} add_header {NodeHeader} $upstream_addr always;" : Secure),
            ("/etc/ssl/chatshare/", _folder.Path + "/"),
            ("/var/lib/chatshare/downloads/", downloads + "/"));
        // The workers of a root's nginx would be somebody else, and the files of the test are root's.
        var user = Environment.UserName == "root" ? "user root;" : "";
        var file = _folder.File("nginx.conf");
        await File.WriteAllTextAsync(file, $$"""
            daemon off; {{user}} worker_processes 1; pid {{_folder.File("pid")}}; error_log stderr error;
            events { worker_connections 2048; }
            http {
              access_log off; sendfile on; client_body_temp_path {{_folder.File("body")}}; proxy_temp_path {{_folder.File("proxy")}};
              fastcgi_temp_path {{_folder.File("fastcgi")}}; uwsgi_temp_path {{_folder.File("uwsgi")}}; scgi_temp_path {{_folder.File("scgi")}};
              {{site}}
            }
            """, TestContext.Current.CancellationToken);
        await Command.RequireAsync(NginxPath, "-t", "-p", _folder.Path, "-c", file);
        await RunAsync(NginxPath, "-p", _folder.Path, "-c", file);
    }

    private async Task StartCaddyAsync(string downloads, string[] nodes)
    {
        var site = Replace(
            await File.ReadAllTextAsync(SourceTree.Folder("deploy/Caddyfile"), TestContext.Current.CancellationToken),
            ("grace_period 10s", $"""
                grace_period 100ms
                	admin off
                	skip_install_trust
                	storage file_system {_folder.File("storage")}
                	http_port {Text(_plainPort)}
                	https_port {Text(_port)}
                """),
            ("\n" + Host + " {\n", $"\n{Host} {{\n\tbind 127.0.0.1\n"),
            ("reverse_proxy 127.0.0.1:5080", $"reverse_proxy {string.Join(' ', nodes)}"),
            ("flush_interval -1", nodes.Length > 1 ? $"flush_interval -1\n\t\theader_down {NodeHeader} {{http.reverse_proxy.upstream.hostport}}" : "flush_interval -1"),
            ("#lb_policy cookie", nodes.Length > 1 ? "lb_policy cookie" : "#lb_policy cookie"),
            ("/etc/ssl/chatshare/", _folder.Path + "/"),
            ("/var/lib/chatshare/downloads", downloads));
        var file = _folder.File("Caddyfile");
        await File.WriteAllTextAsync(file, site, TestContext.Current.CancellationToken);
        await Command.RequireAsync(CaddyPath, "validate", "--adapter", "caddyfile", "--config", file);
        await RunAsync(CaddyPath, "run", "--adapter", "caddyfile", "--config", file);
    }

    private async Task RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true };
        // Caddy keeps what it was started with in there.
        start.Environment["XDG_CONFIG_HOME"] = _folder.Path;
        var process = Process.Start(start)!;
        _process = process;
        var said = process.StandardError.ReadToEndAsync(CancellationToken.None);
        await Eventually.TrueAsync(async () =>
        {
            if (process.HasExited)
                throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await said}");
            try
            {
                // Caddy opens one after the other.
                foreach (var port in new[] { _port, _plainPort })
                {
                    using var socket = new TcpClient();
                    await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
                }

                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        });
    }

    /// <summary>What is not there any more would leave a test with the operator's own folders.</summary>
    private static string Replace(string text, params (string Old, string New)[] changes)
    {
        foreach (var (old, @new) in changes)
        {
            Assert.Contains(old, text, StringComparison.Ordinal);
            text = text.Replace(old, @new, StringComparison.Ordinal);
        }

        return text;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
