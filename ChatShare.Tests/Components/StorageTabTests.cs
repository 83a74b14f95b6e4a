using Bunit;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Admin;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class StorageTabTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Rule_is_looked_at_first_and_then_holds()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        await using var circuit = new Circuit(core, root);
        await using var bo = await core.EnterAsync("Bo", token);
        await core.ShareAsync(bo, "first.bin", Make.Bytes(800_000), token);
        await core.ShareAsync(bo, "second.bin", Make.Bytes(800_000, seed: 2), token);
        var page = circuit.Render<StorageTab>();
        await page.WaitForStateAsync(() => page.AllNamed("table", "What rooms keep").Count == 1);

        await page.TypeAsync("Keep size of Lobby", "0.001");
        await page.PressAsync("Preview Lobby");

        await page.WaitForAssertionAsync(() => Assert.Contains("Would free 800 KB, 1 file.", page.Markup, StringComparison.Ordinal));
        // A second click on Preview is not one on Apply.
        await page.PressAsync("Preview Lobby");
        Assert.Equal((KeepRule.Everything, 2), (core.Lobby.Keeps, core.Contents().Count));
        await page.PressAsync("Apply to Lobby");

        await page.WaitForAssertionAsync(() => Assert.Contains("Freed 800 KB, 1 file.", page.Markup, StringComparison.Ordinal));
        Assert.Equal(new KeepRule(null, 1_000_000), core.Lobby.Keeps);
        Assert.Equal([Make.Sha256(Make.Bytes(800_000, seed: 2))], core.Contents());
        Assert.Equal(["1"], page.Column("What rooms keep", "Files"));
        Assert.Equal(["1"], page.Column("By person", "Files"));
        var act = Assert.Single(await core.ActsAsync(root, token));
        Assert.Equal(("Set what a room keeps", "Lobby", "1.0 MB; removed 800 KB, 1 file"), (act.Action, act.Subject, act.Detail));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Rule_that_is_changed_after_its_preview_is_looked_at_again()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        var page = circuit.Render<StorageTab>();
        await page.WaitForStateAsync(() => page.AllNamed("table", "What rooms keep").Count == 1);
        await page.TypeAsync("Keep days of Lobby", "30");
        await page.PressAsync("Preview Lobby");
        await page.WaitForStateAsync(() => page.AllNamed("button", "Apply to Lobby").Count == 1);

        await page.TypeAsync("Keep days of Lobby", "3");

        Assert.Empty(page.AllNamed("button", "Apply to Lobby"));
        await page.TypeAsync("Keep days of Lobby", "3.5");
        await page.PressAsync("Preview Lobby");
        await page.WaitForAssertionAsync(() => Assert.StartsWith("Give whole days for Lobby", page.Find(".rule-action > .field-error").TextContent, StringComparison.Ordinal));
        Assert.Equal(KeepRule.Everything, core.Lobby.Keeps);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Files_of_a_person_are_removed_once()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        await using var circuit = new Circuit(core, root);
        await using var bo = await core.EnterAsync("Bo", token);
        await using var cy = await core.EnterAsync("Cy", token);
        await core.ShareAsync(bo, "bo.bin", Make.Bytes(5000), token);
        await core.ShareAsync(cy, "cy.bin", Make.Bytes(7000, seed: 2), token);
        var page = circuit.Render<StorageTab>();
        await page.WaitForStateAsync(() => page.AllNamed("select", "Of person").Count == 1);
        Assert.Equal(["Cy", "Bo"], page.Column("By person", "Person"));

        await page.PressAsync("Preview removal");
        await page.WaitForAssertionAsync(() => Assert.Equal("Say which files: by age, room, person or type.", page.Find(".clean-up > .field-error").TextContent));
        await page.InvokeAsync(() => page.Named("select", "Of person").ChangeAsync(bo.Participant.Session.PersonId.ToString()));
        await page.PressAsync("Preview removal");
        await page.WaitForAssertionAsync(() => Assert.Contains("Would free 5.0 KB, 1 file.", page.Markup, StringComparison.Ordinal));
        await page.PressAsync("Preview removal");
        await page.WaitForStateAsync(() => page.AllNamed("button", "Remove files").Count == 1);
        await page.PressAsync("Remove files");

        await page.WaitForAssertionAsync(() => Assert.Contains("Freed 5.0 KB, 1 file.", page.Markup, StringComparison.Ordinal));
        Assert.Equal(["Cy"], page.Column("By person", "Person"));
        Assert.Equal([Make.Sha256(Make.Bytes(7000, seed: 2))], core.Contents());
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Shares_are_sorted_by_their_headings()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        await using var bo = await core.EnterAsync("Bo", token);
        await using var cy = await core.EnterAsync("Cy", token);
        await core.ShareAsync(bo, "1", Make.Bytes(10), token);
        await core.ShareAsync(bo, "2", Make.Bytes(10), token);
        await core.ShareAsync(cy, "3", Make.Bytes(7000, seed: 2), token);
        var page = circuit.Render<StorageTab>();
        await page.WaitForStateAsync(() => page.AllNamed("table", "By person").Count == 1);

        Task SortAsync(int column) => page.InvokeAsync(() => page.Named("table", "By person").QuerySelectorAll("button.sort")[column].ClickAsync());
        await SortAsync(1);
        Assert.Equal(["Bo", "Cy"], page.Column("By person", "Person"));
        await SortAsync(2);
        Assert.Equal(["Cy", "Bo"], page.Column("By person", "Person"));
        await SortAsync(2);
        Assert.Equal(["Bo", "Cy"], page.Column("By person", "Person"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Somebody_who_is_no_administrator_is_refused()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Mallory", token));

        var refused = Assert.Throws<RefusedException>(() => circuit.Render<StorageTab>());

        Assert.Equal(RefusalKind.NotPermitted, refused.Kind);
    }
}
