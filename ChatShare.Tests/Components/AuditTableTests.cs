using System.Globalization;
using Bunit;
using ChatShare.Core;
using ChatShare.Core.People;
using ChatShare.Core.Storage;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Admin;
using Microsoft.EntityFrameworkCore;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class AuditTableTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Acts_stand_newest_first_with_markup_as_text()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        await using var circuit = new Circuit(core, root);
        await using var bo = await core.EnterAsync("Bo", token);
        var message = await bo.SayAsync("something", token);
        var administration = core.Get<Administration>();
        await administration.DeleteMessageAsync(core.Lobby, message, root, token);
        await administration.DisconnectAsync(bo.Participant.Session.PersonId, "Bo", "<b>loud</b>", root, token);

        var table = circuit.Render<AuditTable>();

        await table.WaitForAssertionAsync(() => Assert.Equal(
            [("root", "Disconnected", "Bo", "<b>loud</b>"), ("root", "Deleted message", "Message 1 in Lobby", "from Bo"), ("root", "Became administrator", "root", "named by the settings")],
            table.Rows("Audit").Select(row => (row["Who"], row["What"], row["About"], row["Detail"]))));
        Assert.Empty(table.FindAll("b"));
        Assert.All(table.FindAll("time"), time => Assert.EndsWith("Z", time.GetAttribute("datetime"), StringComparison.Ordinal));
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData("fi-FI")]
    [InlineData("th-TH")]
    public async Task Times_are_ones_that_a_script_can_read_wherever_the_machine_stands(string culture)
    {
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(culture);
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));

        var table = circuit.Render<AuditTable>();

        await table.WaitForAssertionAsync(() => Assert.NotEmpty(table.FindAll("time")));
        Assert.All(table.FindAll("time"), time => Assert.Equal(
            DateTimeOffset.UtcNow,
            DateTimeOffset.ParseExact(time.GetAttribute("datetime")!, "yyyy-MM-dd'T'HH':'mm':'ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
            TimeSpan.FromHours(1)));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Acts_appear_as_they_happen()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        await using var circuit = new Circuit(core, root);
        var table = circuit.Render<AuditTable>();
        await table.WaitForAssertionAsync(() => Assert.Equal(["root"], table.Column("Audit", "About")));

        foreach (var name in new[] { "Bo", "Cy" })
        {
            var person = await core.JoinAsync(name, token);
            await core.Get<Administration>().DisconnectAsync(person.PersonId, name, null, root, token);
            await table.WaitForAssertionAsync(() => Assert.Equal(name, table.Column("Audit", "About")[0]));
        }

        Assert.Equal(["Cy", "Bo", "root"], table.Column("Audit", "About"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Older_acts_are_asked_for()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        await using (var db = await core.OpenDatabaseAsync(token))
        {
            for (var i = 1; i <= 501; i++)
                db.Audit.Add(new AuditRow { At = DateTimeOffset.UnixEpoch.AddMinutes(i), Actor = "root", Action = "Disconnected", Subject = $"person {i}" });
            await db.SaveChangesAsync(token);
        }

        var table = circuit.Render<AuditTable>();
        await table.WaitForAssertionAsync(() => Assert.Equal(("person 501", "person 2", 500), Ends(table.Column("Audit", "About"))));
        await table.PressAsync("Show more");

        await table.WaitForAssertionAsync(() => Assert.Equal(("person 501", "root", 502), Ends(table.Column("Audit", "About"))));
        Assert.Empty(table.AllNamed("button", "Show more"));

        static (string First, string Last, int Count) Ends(IReadOnlyList<string> subjects) => (subjects[0], subjects[^1], subjects.Count);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task An_empty_list_says_so()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        // As it is where the administrator was made before that was written down.
        await using (var db = await core.OpenDatabaseAsync(token))
            await db.Audit.ExecuteDeleteAsync(token);

        var table = circuit.Render<AuditTable>();

        await table.WaitForAssertionAsync(() => Assert.Contains("Nothing has happened yet.", table.Markup, StringComparison.Ordinal));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Somebody_who_is_no_administrator_is_refused()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Mallory", token));

        var refused = Assert.Throws<RefusedException>(() => circuit.Render<AuditTable>());

        Assert.Equal(RefusalKind.NotPermitted, refused.Kind);
    }
}
