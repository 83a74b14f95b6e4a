using System.Text.RegularExpressions;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Deployment;

/// <summary>What deploy/package makes.</summary>
public sealed class PackageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Archive_and_package_hold_a_program_that_runs_by_itself()
    {
        var (archive, package) = await Package.MadeAsync();
        using var folder = new TemporaryFolder();

        var listed = await Command.RequireAsync("dpkg-deb", "--contents", package);
        Assert.Matches(@"-rw-r--r-- root/root .* \./etc/chatshare/appsettings\.json", listed);
        Assert.Matches(@"-rw-r--r-- root/root .* \./usr/lib/systemd/system/chatshare\.service", listed);
        Assert.Matches(@"-rwxr-xr-x root/root .* \./usr/lib/chatshare/ChatShare\.Web\n", listed);
        Assert.Contains("./usr/lib/chatshare/appsettings.json -> /etc/chatshare/appsettings.json", listed, StringComparison.Ordinal);
        foreach (var file in new[] { "nginx.conf", "Caddyfile", "prometheus.yml", "alerts.yml", "grafana-dashboard.json" })
            Assert.Contains($" ./usr/share/chatshare/{file}\n", listed, StringComparison.Ordinal);
        Assert.DoesNotMatch(new Regex(@"^.{5}w|^.{8}w", RegexOptions.Multiline), Regex.Replace(listed, "^l.*$", "", RegexOptions.Multiline));
        var control = Directory.CreateDirectory(folder.File("control")).FullName;
        await Command.RequireAsync("dpkg-deb", "--control", package, control);
        Assert.Equal("/etc/chatshare/appsettings.json\n", await File.ReadAllTextAsync(Path.Combine(control, "conffiles"), Cancel));

        await Command.RequireAsync("tar", "--extract", "--file", archive, "--directory", folder.Path, "--strip-components=1");
        // It starts with the settings file beside it, reads the settings and loads the library of the database.
        var database = folder.File("data/chatshare.db");
        var (_, said) = await Command.RunAsync(
            folder.File("ChatShare.Web"), "scrub", $"--ChatShare:DataDirectory={folder.File("data")}", $"--ChatShare:Downloads:Directory={folder.File("downloads")}");
        Assert.Contains($"The database {database} (ChatShare:DataDirectory) is not there, or has no tables yet.", said, StringComparison.Ordinal);
    }
}
