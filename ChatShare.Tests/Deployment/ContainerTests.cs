using System.Diagnostics;
using System.Globalization;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Deployment;

/// <summary>The container image, made and run by the commands of docs/operations.md; what it is put on comes from a registry of the test's own.</summary>
public sealed class ContainerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Image_runs_as_nobody_special_and_writes_to_its_folders_alone()
    {
        var tree = await DebianMachine.TreeAsync();
        foreach (var program in new[] { "bin/podman", "sbin/runc", "bin/docker-registry" })
            Assert.SkipUnless(File.Exists("/usr/" + program), $"{program} is not installed; ./test long installs it on Debian as root.");
        // It leaves compiled what the image takes, too.
        await Package.MadeAsync();
        using var folder = new TemporaryFolder();
        await using var registry = await Registry.StartAsync(folder);
        var port = Sockets.FreePort();
        var image = OperationsPage.Commands.Single(command => command.StartsWith("dotnet publish", StringComparison.Ordinal));
        var run = OperationsPage.Commands.Single(command => command.StartsWith("podman load", StringComparison.Ordinal));
        var shell = new Shell(folder, registry.Address);
        try
        {
            // What it stands on: what Debian installs at least, and what the page says it takes.
            await shell.RunAsync($"""
                cp --archive {tree} base
                cp /etc/resolv.conf base/etc/
                chroot base sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq libicu72 libssl3 && apt-get clean' >/dev/null
                tar --create --directory base . | podman import - {registry.Address}/debian:12
                rm --recursive base
                podman push --tls-verify=false {registry.Address}/debian:12
                """);
            await shell.RunAsync(
                $"cd {SourceTree.Folder(".")}\n" + Change(image, ("registry.example/", registry.Address + "/"), ("$PWD/artifacts/chatshare-image.tar.gz", folder.File("image.tar.gz"))));
            await shell.RunAsync(Change(
                run,
                ("artifacts/chatshare-image.tar.gz", folder.File("image.tar.gz")),
                ("/srv/chatshare", folder.File("srv")),
                // A bridge would change the network of this machine.
                ("--publish 5080:5080", $"--network host --env Kestrel__Endpoints__Web__Url=http://127.0.0.1:{port} --env ChatShare__Gateway__Endpoint=")));
            // It is there, somebody joins, a file goes up and comes down again.
            await shell.RunAsync($"""
                {OperationsPage.Eyes}
                ready http://127.0.0.1:{port}
                share http://127.0.0.1:{port}
                """);
            var status = await shell.RunAsync("cat /proc/$(podman inspect --format '{{.State.Pid}}' chatshare)/status");
            await shell.RunAsync("podman exec chatshare sh -c 'for place in / /app /var /var/tmp /etc /run; do ! touch $place/here 2>/dev/null || exit 1; done; touch /tmp/here'");
            var log = await shell.RunAsync("podman logs chatshare 2>&1");
            await shell.RunAsync("podman stop chatshare");
            var code = (await shell.RunAsync("podman inspect --format '{{.State.ExitCode}}' chatshare")).Trim();

            Assert.Matches(@"(?m)^Uid:\s+1654\s+1654\s+1654\s+1654$", status);
            Assert.Matches(@"(?m)^Gid:\s+1654\s+1654\s+1654\s+1654$", status);
            Assert.Contains("Set up the administrator: http", log, StringComparison.Ordinal);
            Assert.Equal("0", code);
        }
        finally
        {
            await shell.RunAsync("podman rm --force --all; podman rmi --force --all");
        }
    }

    private static string Change(string text, params (string Old, string New)[] changes)
    {
        foreach (var (old, @new) in changes)
        {
            Assert.Contains(old, text, StringComparison.Ordinal);
            text = text.Replace(old, @new, StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>Runs commands beside the images and containers that are the test's own.</summary>
    private sealed class Shell(TemporaryFolder folder, string registry)
    {
        public Task<string> RunAsync(string commands)
        {
            // Within a container this program may raise no limit, and it is asked to by default.
            File.WriteAllText(folder.File("containers.conf"), """
                [containers]
                default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
                [engine]
                cgroup_manager = "cgroupfs"
                # The other one refuses a machine with both versions of control groups.
                runtime = "runc"
                events_logger = "file"
                """);
            File.WriteAllText(folder.File("storage.conf"), $"""
                [storage]
                driver = "overlay"
                graphroot = "{folder.File("images")}"
                runroot = "{folder.File("running")}"
                """);
            return Command.RequireAsync(
                "env", $"CONTAINERS_CONF={folder.File("containers.conf")}", $"CONTAINERS_STORAGE_CONF={folder.File("storage.conf")}", $"DOTNET_CONTAINER_INSECURE_REGISTRIES={registry}",
                "bash", "-euo", "pipefail", "-c", $"cd {folder.Path}\n{commands}");
        }
    }

    /// <summary>Debian's registry of images on the loopback, empty.</summary>
    private sealed class Registry(Process process, string address) : IAsyncDisposable
    {
        public string Address => address;

        public static async Task<Registry> StartAsync(TemporaryFolder folder)
        {
            var address = $"127.0.0.1:{Sockets.FreePort().ToString(CultureInfo.InvariantCulture)}";
            await File.WriteAllTextAsync(folder.File("registry.yml"), $"""
                version: 0.1
                log:
                  level: error
                storage:
                  filesystem:
                    rootdirectory: {folder.File("registry")}
                http:
                  addr: {address}
                """, Cancel);
            var process = Process.Start(new ProcessStartInfo("docker-registry", ["serve", folder.File("registry.yml")]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
            _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
            using var client = new HttpClient();
            await Eventually.TrueAsync(async () =>
            {
                try
                {
                    using var answer = await client.GetAsync($"http://{address}/v2/", Cancel);
                    return answer.IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            });
            return new Registry(process, address);
        }

        public async ValueTask DisposeAsync()
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }
    }
}
