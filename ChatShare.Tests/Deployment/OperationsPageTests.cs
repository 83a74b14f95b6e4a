using ChatShare.Tests.Support;

namespace ChatShare.Tests.Deployment;

/// <summary>docs/operations.md, followed to the letter on a fresh Debian that has booted; what it promises is looked at after each step.</summary>
public sealed class OperationsPageTests
{
    private const string Http = "http://localhost:5080";
    private const string Https = "https://chat.example.org";

    /// <summary>Whether the web server in front does what it is there for, a shared file that it has to read itself included.</summary>
    private const string Front = $$"""
        ready {{Https}}
        [[ $(curl -s -o /dev/null -w '%{http_code}' http://chat.example.org/) == 308 ]]
        share {{Https}}
        """;

    private const string Last = $"""
        dpkg-deb --raw-extract chatshare_*.deb newer
        sed -i 's/^Version: .*/Version: 99/' newer/DEBIAN/control
        dpkg-deb -Znone --build newer newer.deb
        apt install ./newer.deb
        ready {Https}
        take {Https}
        apt remove chatshare
        [[ $(systemctl is-active chatshare) == inactive ]]
        apt install ./newer.deb
        ready {Https}
        take {Https}
        apt purge chatshare
        ls /var/lib/chatshare/downloads/files /var/lib/chatshare/data/keys
        [[ ! -e /etc/chatshare/appsettings.json ]]
        """;

    /// <summary>What is done before a block of commands, by how it begins, and what has to be so after it. In the order of the page.</summary>
    private static readonly (string Begins, string Before, string After)[] Steps =
    [
        ("apt install ./chatshare_", "", $$"""
            apt install curl
            ready {{Http}}
            share {{Http}}
            is Type notify
            systemctl status chatshare
            journalctl -u chatshare >/dev/null
            systemd-analyze security chatshare >/dev/null
            # As for a minute, in a moment.
            mkdir -p /run/systemd/system/chatshare.service.d
            printf '[Service]\nWatchdogSec=3\nTimeoutAbortSec=1\n' >/run/systemd/system/chatshare.service.d/hurry.conf
            systemctl daemon-reload
            systemctl restart chatshare
            last=$(state WatchdogTimestampMonotonic)
            eventually eval '[[ $(state WatchdogTimestampMonotonic) -gt $last ]]'
            is NRestarts 0
            kill -STOP $(state MainPID)
            eventually is NRestarts 1
            journalctl -u chatshare -g 'Watchdog timeout' >/dev/null
            ready {{Http}}
            kill -KILL $(state MainPID)
            eventually is NRestarts 2
            ready {{Http}}
            take {{Http}}
            # Somebody who stays does not hold it up.
            join {{Http}}
            api --no-buffer {{Http}}/api/rooms/Lobby/events >events & stayed=$!
            eventually test -s events
            SECONDS=0
            systemctl stop chatshare
            (( SECONDS < 35 ))
            is Result success
            is ExecMainStatus 0
            wait $stayed || true
            rm -r /run/systemd/system/chatshare.service.d
            systemctl daemon-reload
            systemctl start chatshare
            """),
        ("install -d -o chatshare", "", $"""
            ready {Http}
            take {Http}
            share {Http}
            [[ $(find /srv/files -size +200k) ]]
            # And back, with what was shared meanwhile.
            systemctl stop chatshare
            cp --archive /srv/files/. /var/lib/chatshare/downloads
            rm /etc/chatshare/environment
            systemctl start chatshare
            ready {Http}
            take {Http}
            """),
        ("NAME=", "", $"""
            [[ $NAME == chat.example.org ]]
            ready {Http}
            [[ ! $(curl -s http://[::1]:5080/) ]]
            """),
        ("bash /usr/share/chatshare/make-certificates", "", """
            cp /etc/ssl/chatshare/authority.pem /usr/local/share/ca-certificates/chatshare.crt && update-ca-certificates
            """),
        ("apt install nginx-light", "", $"""
            {Front}
            systemctl reload nginx
            """),
        ("apt install caddy", "systemctl disable --now nginx", Front),
        ("server() {", $"take {Https}", """
            ls /srv/backup/$(date +%F)/manifest.json
            server scrub
            """),
        ("systemctl stop chatshare\nserver restore", """
            systemctl stop chatshare
            [[ -e /srv/backup/2026-11-28 ]] || mv /srv/backup/$(date +%F) /srv/backup/2026-11-28
            rm -r /var/lib/chatshare/data/* /var/lib/chatshare/downloads/*
            """, $"""
            ready {Https}
            take {Https}
            server scrub
            """),
        ("apt install postgresql\n", "", ""),
        ("cat >>/etc/chatshare/environment <<END\nChatShare__Storage__Provider", """
            # It begins empty, as the page says: beside the files of the one that was here it would not start.
            systemctl stop chatshare
            cp /etc/chatshare/environment before
            cd /var/lib/chatshare
            mv downloads used
            mkdir downloads
            chown --reference=used downloads
            chmod --reference=used downloads
            cd -
            """, $"""
            ready {Https}
            share {Https}
            server scrub
            """),
        ("systemctl stop chatshare\nserver move-to-postgresql", $"""
            systemctl stop chatshare
            (cd / && runuser -u postgres -- psql -c "DROP DATABASE chatshare" -c "CREATE DATABASE chatshare OWNER chatshare TEMPLATE template0 ENCODING 'UTF8'")
            cat before >/etc/chatshare/environment
            rm -r /var/lib/chatshare/downloads
            mv /var/lib/chatshare/used /var/lib/chatshare/downloads
            systemctl start chatshare
            share {Https}
            """, $"""
            ready {Https}
            take {Https}
            """),
        ("apt install redis-server", "", "eventually redis-cli -a choose-another ping"),
        ("cat >>/etc/chatshare/environment <<END\nChatShare__Cluster__Redis", "", $"""
            ready {Https}
            take {Https}
            """),
        ("apt install prometheus", "", """
            eventually eval 'curl -fsS "http://127.0.0.1:9090/api/v1/query?query=chatshare_ready" | grep -F "\"1\"]"'
            """),
        ("apt install clamav-daemon", "", $"""
            # Signatures come from the internet; here one of a file that is made for it has to do.
            printf 'this is malicious' >bad.bin
            echo "$(md5sum <bad.bin | cut -c 1-32):$(stat -c %s bad.bin):Bad.Test" >/var/lib/clamav/test.hdb
            mkdir -p /etc/systemd/system/clamav-daemon.service.d
            printf '[Unit]\nConditionPathExistsGlob=\n' >/etc/systemd/system/clamav-daemon.service.d/test.conf
            systemctl daemon-reload
            systemctl restart clamav-daemon
            eventually test -S /run/clamav/clamd.ctl
            ready {Https}
            if (share {Https} bad.bin); then exit 1; fi
            journalctl -u chatshare -g 'Bad.Test' >/dev/null
            share {Https}
            """),
    ];

    /// <summary>Commands that no step runs, by how they begin, and what does.</summary>
    private static readonly Dictionary<string, string> RunElsewhere = new(StringComparer.Ordinal)
    {
        ["dotnet publish ChatShare.Web"] = nameof(ContainerTests),
        ["podman load"] = nameof(ContainerTests),
        ["podman logs chatshare"] = nameof(ContainerTests),
        ["podman stop chatshare"] = nameof(ContainerTests),
        ["deploy/package"] = nameof(PackageTests),
        ["./ChatShare.Web"] = nameof(PackageTests),
        ["dotnet run --project ChatShare.Web"] = "The program in the tests’ own output: " + nameof(ServerProcess),
        ["dotnet run --project ChatShare.Web -- backup FOLDER"] = "The same",
        ["dotnet run --project ChatShare.Web -- scrub"] = "The same",
    };

    private static IEnumerable<string> Followed =>
        OperationsPage.Commands.Where(command => !RunElsewhere.Keys.Any(begins => command.StartsWith(begins, StringComparison.Ordinal)));

    [Fact]
    public void Each_command_of_the_page_is_run_by_a_test()
    {
        Assert.Equal(
            Steps.Select(step => step.Begins),
            Followed.Select((command, index) => index < Steps.Length && command.StartsWith(Steps[index].Begins, StringComparison.Ordinal) ? Steps[index].Begins : command));
        var run = string.Join('\n', [.. Followed, .. Steps.Select(step => step.Before + step.After), Last]);
        Assert.Equal([], OperationsPage.Asides.Where(aside => !run.Contains(aside, StringComparison.Ordinal) && !RunElsewhere.ContainsKey(aside)));
    }

    [Fact]
    public async Task Whoever_follows_the_page_on_a_fresh_debian_gets_what_it_says()
    {
        var (_, package) = await Package.MadeAsync();
        await using var machine = await DebianMachine.BootAsync(
            [package], "curl", "nginx-light", "caddy", "postgresql", "redis-server", "prometheus", "clamav-daemon", "clamdscan", "ca-certificates");
        await machine.TypeAsync(OperationsPage.Eyes);
        foreach (var ((_, before, after), commands) in Steps.Zip(Followed))
        {
            await machine.TypeAsync(before + "\n:");
            await machine.TypeAsync(commands);
            await machine.TypeAsync(after + "\n:");
        }

        await machine.TypeAsync(Last);
    }
}
