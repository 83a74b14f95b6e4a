using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace ChatShare.Tests.Support;

/// <summary>
/// A fresh Debian that has booted, with systemd, files, accounts and a network of its own, which ends at its loopback: what its package manager
/// is to find lies there already. One shell is open in it, root's.
/// </summary>
internal sealed class DebianMachine : IAsyncDisposable
{
    private const string Bootstrap = "/usr/sbin/debootstrap";
    private const string Container = "/usr/bin/systemd-nspawn";
    private const string Mark = "<end of the command>";

    private static readonly string Tree = SourceTree.Folder("artifacts/debian");
    private static readonly Lazy<Task> Bootstrapped = new(BootstrapAsync);

    private readonly string _folder = Directory.CreateTempSubdirectory("chatshare-debian-").FullName;
    private Process? _machine;
    private int _init;
    private Process? _shell;

    private DebianMachine()
    {
    }

    /// <summary>A folder with what Debian installs at least, and systemd; nobody may write to it. Skips the test where it cannot be made.</summary>
    public static async Task<string> TreeAsync()
    {
        Assert.SkipUnless(Make.IsLong, "Debian is put together in minutes; runs in the long form.");
        Assert.SkipUnless(Environment.UserName == "root" && File.Exists("/etc/debian_version"), "It takes Debian, as root.");
        Assert.SkipUnless(File.Exists(Bootstrap), "debootstrap is not installed; ./test long installs it on Debian as root.");
        await Bootstrapped.Value;
        return Tree;
    }

    /// <param name="files">Copied to /root.</param>
    /// <param name="packages">What may be installed, beside what these need.</param>
    public static async Task<DebianMachine> BootAsync(IReadOnlyList<string> files, params string[] packages)
    {
        var tree = await TreeAsync();
        Assert.SkipUnless(File.Exists(Container), "systemd-nspawn is not installed; ./test long installs systemd-container on Debian as root.");
        var machine = new DebianMachine();
        try
        {
            await Command.RequireAsync("cp", "--archive", tree + "/.", machine._folder);
            await Command.RequireAsync("cp", [.. files, machine.PathOf("root")]);
            await machine.FetchAsync([.. files.Where(file => file.EndsWith(".deb", StringComparison.Ordinal)).Select(file => "/root/" + Path.GetFileName(file)), .. packages]);
            await machine.StartAsync();
            return machine;
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    /// <summary>A file of the machine, seen from here.</summary>
    public string PathOf(string path) => Path.Combine(_folder, path.TrimStart('/'));

    /// <summary>Types commands into the shell; each has to succeed.</summary>
    /// <returns>What they printed.</returns>
    public async Task<string> TypeAsync(string commands)
    {
        var said = new StringBuilder();
        var cancellationToken = TestContext.Current.CancellationToken;
        // Programs that ask find nobody who answers, and do not read what is typed next.
        await _shell!.StandardInput.WriteAsync($"{{\n{commands}\n}} </dev/null\necho '{Mark}'\n".AsMemory(), cancellationToken);
        await _shell.StandardInput.FlushAsync(cancellationToken);
        while (await _shell.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line == Mark)
                return said.ToString();
            said.AppendLine(line);
        }

        throw new InvalidOperationException($"This failed:\n{commands}\n\n{said}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_shell is not null)
        {
            _shell.StandardInput.Close();
            await _shell.WaitForExitAsync(CancellationToken.None);
            _shell.Dispose();
        }

        if (_machine is not null)
        {
            // Its first process takes all others with it. Nothing of it is wanted any more, so nothing has to end well.
            await Command.RunAsync("kill", "-KILL", Text(_init == 0 ? _machine.Id : _init));
            await _machine.WaitForExitAsync(CancellationToken.None);
            _machine.Dispose();
        }

        await Command.RunAsync("rm", "--recursive", "--one-file-system", _folder);
    }

    private static async Task BootstrapAsync()
    {
        if (Directory.Exists(Tree))
            return;
        var unfinished = Tree + ".unfinished";
        await Command.RunAsync("rm", "--recursive", "--force", unfinished);
        // From where this machine has its own packages.
        var release = (await Command.RequireAsync("sh", "-c", ". /etc/os-release && echo $VERSION_CODENAME")).Trim();
        var source = (await Command.RequireAsync("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)", "Created-By: Packages"))
            .Split('\n').Select(line => line.Split(' ')).First(line => line is [_, var codename, "main"] && codename == release)[0];
        await Command.RequireAsync(Bootstrap, "--variant=minbase", "--include=systemd-sysv,dbus", release, unfinished, source);
        Directory.Move(unfinished, Tree);
    }

    /// <summary>Everything that is to be installed later, while there is a network.</summary>
    private async Task FetchAsync(string[] packages)
    {
        await File.WriteAllTextAsync(PathOf("etc/hosts"), "127.0.0.1 localhost chat.example.org redis.example\n::1 localhost\n", TestContext.Current.CancellationToken);
        // Whoever installs says yes.
        await File.WriteAllTextAsync(
            PathOf("etc/apt/apt.conf.d/90test"), "APT::Get::Assume-Yes \"true\";\nDpkg::Use-Pty \"false\";\n", TestContext.Current.CancellationToken);
        File.Copy("/etc/resolv.conf", PathOf("etc/resolv.conf"), overwrite: true);
        await Command.RequireAsync("chroot", _folder, "apt-get", "update", "-qq");
        await Command.RequireAsync("chroot", [_folder, "apt-get", "install", "-qq", "--download-only", .. packages]);
    }

    private async Task StartAsync()
    {
        _machine = Process.Start(new ProcessStartInfo(
            Container,
            [
                "--quiet", "--register=no", "--keep-unit", "--private-network", "--console=read-only", "--hostname=fresh", "--machine=" + Path.GetFileName(_folder),
                "--directory=" + _folder, "--boot",
            ])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var said = _machine.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var complained = _machine.StandardError.ReadToEndAsync(CancellationToken.None);
        var children = $"/proc/{Text(_machine.Id)}/task/{Text(_machine.Id)}/children";
        await Eventually.TrueAsync(async () =>
        {
            if (_machine.HasExited)
                throw new InvalidOperationException($"The machine ended at its start: {await said}{await complained}");
            // Until it has all its own, the first process is a child that only prepares it.
            var child = (await File.ReadAllTextAsync(children, CancellationToken.None)).Split(' ')[0];
            if (child.Length == 0 || (await File.ReadAllTextAsync($"/proc/{child}/comm", CancellationToken.None)).Trim() != "systemd")
                return false;
            _init = int.Parse(child, CultureInfo.InvariantCulture);
            return true;
        });
        _shell = Process.Start(new ProcessStartInfo("nsenter", ["--target", Text(_init), "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd",
            "env", "--ignore-environment", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
            "bash", "-c", "cd && exec 2>&1 && exec bash -eo pipefail"])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
        // "degraded" is a service that could not start: what is to be tried in here might not for the same reason.
        await TypeAsync("""
            until state=$(systemctl is-system-running) || [[ $state == degraded ]]; do sleep 0.2; done
            [[ $state == running ]] || { systemctl --failed; exit 1; }
            """);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
