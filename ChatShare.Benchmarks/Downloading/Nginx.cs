using System.Diagnostics;
using System.Globalization;
using ChatShare.Benchmarks.FanningOut;
using ChatShare.Benchmarks.Sharing;

namespace ChatShare.Benchmarks.Downloading;

/// <summary>nginx with <c>sendfile</c> over a downloads folder: by itself at <c>/files/</c>, and in front of a chat server.</summary>
internal sealed class Nginx : IAsyncDisposable
{
    /// <summary>What the chat server is told to answer with.</summary>
    public const string Prefix = "/protected";

    private static readonly string? Executable = new[] { "/usr/sbin/nginx", "/usr/bin/nginx" }.FirstOrDefault(File.Exists);

    private Nginx(ChildProcess process, Uri address)
    {
        Process = process;
        Address = address;
    }

    public ChildProcess Process { get; }

    public Uri Address { get; }

    /// <returns>Why it cannot be used; null when it can.</returns>
    public static async Task<string?> FaultAsync(bool mayInstall, CancellationToken cancellationToken)
    {
        if (Executable is not null)
            return null;
        if (!mayInstall || Environment.UserName != "root" || !File.Exists("/usr/bin/apt-get"))
            return "nginx is not installed; as root on Debian --install does it";
        using var apt = System.Diagnostics.Process.Start(
            new ProcessStartInfo("apt-get", ["install", "-y", "-qq", "nginx-light"]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        await apt.StandardOutput.ReadToEndAsync(cancellationToken);
        await apt.WaitForExitAsync(cancellationToken);
        return apt.ExitCode == 0 ? "nginx was installed just now; start again" : "apt-get could not install nginx";
    }

    /// <param name="folder">Gets its own files.</param>
    /// <param name="downloads">The folder that it serves.</param>
    /// <param name="chat">What it stands in front of.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Nginx> StartAsync(string folder, string downloads, Uri chat, CancellationToken cancellationToken)
    {
        var port = Loopback.FreePort();
        var configuration = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(
            configuration,
            $$"""
              {{(Environment.UserName == "root" ? "user root;" : "")}}
              daemon off;
              pid {{folder}}/nginx.pid;
              error_log {{folder}}/error.log;
              worker_processes auto;
              events { worker_connections 256; }
              http {
                access_log off;
                sendfile on;
                tcp_nopush on;
                client_body_temp_path {{folder}}/body;
                proxy_temp_path {{folder}}/proxy;
                fastcgi_temp_path {{folder}}/fastcgi;
                uwsgi_temp_path {{folder}}/uwsgi;
                scgi_temp_path {{folder}}/scgi;
                server {
                  listen 127.0.0.1:{{port}};
                  location /alone/ { alias {{downloads}}/; }
                  location {{Prefix}}/ { internal; alias {{downloads}}/; }
                  location / { proxy_pass {{chat.GetLeftPart(UriPartial.Authority)}}; proxy_http_version 1.1; proxy_set_header Host $http_host; }
                }
              }
              """,
            cancellationToken);
        var process = ChildProcess.Start(Executable!, ["-p", folder, "-c", configuration], new Dictionary<string, string>());
        var nginx = new Nginx(process, new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}")));
        await Loopback.ListensAsync(port, process, cancellationToken);
        return nginx;
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
