using Bunit;
using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Admin;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class ConnectedUsersTableTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task The_first_look_shows_everybody()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));

        var table = circuit.Render<ConnectedUsersTable>();

        Assert.Equal(["root"], table.Column("Connected users", "Nickname"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Search_does_not_match_words_that_half_of_the_rows_have()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        core.Connect(await core.JoinAsync("Ron", token));
        core.Connect(await core.JoinAsync("Anna", token));
        var table = circuit.Render<ConnectedUsersTable>();

        await table.TypeAsync("Search", "on");

        Assert.Equal(["Ron"], table.Column("Connected users", "Nickname"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_transfer_stands_once()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        await using var bo = await core.EnterAsync("Bo", token);
        core.Connect(bo.Participant.Session, Door.Cli);
        await core.OfferAsync(bo, "a.txt", 100, token);
        var table = circuit.Render<ConnectedUsersTable>();
        await table.TypeAsync("Search", "");

        Assert.Single(table.FindAll("[role=progressbar]"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task An_upload_that_nobody_feeds_stands_there_as_paused()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        await using var bo = await core.EnterAsync("Bo", token);
        var upload = await core.OfferAsync(bo, "a.txt", 100, token);
        await upload.AppendAsync(0, new MemoryStream(new byte[30]), token);

        var table = circuit.Render<ConnectedUsersTable>();

        await table.WaitForAssertionAsync(() => Assert.Contains("paused", table.Rows(Table)[0]["Transfers"], StringComparison.Ordinal));
    }

    private const string Table = "Connected users";

    [Fact(Timeout = Make.Patience)]
    public async Task Rows_appear_change_and_go_with_the_people()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        var table = circuit.Render<ConnectedUsersTable>();
        await table.WaitForAssertionAsync(() => Assert.Equal(["root"], table.Column(Table, "Nickname")));

        await using var bo = await core.EnterAsync("Bo", token);
        await table.WaitForAssertionAsync(() => Assert.Equal(["Bo", "root"], table.Column(Table, "Nickname")));
        var row = table.Rows(Table)[0];
        Assert.Equal(("Browser", "Lobby", "10.0.0.1", "Online"), (row["Door"], row["Rooms"], row["Address"], row["State"]));

        bo.Participant.SetState(PresenceState.Away);
        await table.WaitForAssertionAsync(() => Assert.Equal(["Away", "Online"], table.Column(Table, "State")));

        bo.Participant.Dispose();
        await table.WaitForAssertionAsync(() => Assert.Equal(["root"], table.Column(Table, "Nickname")));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Whoever_comes_moves_no_row_from_under_the_pointer()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        core.Connect(await core.JoinAsync("Cy", token));
        var table = circuit.Render<ConnectedUsersTable>();
        await table.WaitForAssertionAsync(() => Assert.Equal(["Cy", "root"], table.Column(Table, "Nickname")));

        await table.Find("tbody").PointerEnterAsync(new());
        core.Connect(await core.JoinAsync("Anna", token));
        await table.WaitForAssertionAsync(() => Assert.Equal(["Cy", "root", "Anna"], table.Column(Table, "Nickname")));
        await table.Find("tbody").PointerLeaveAsync(new());

        Assert.Equal(["Anna", "Cy", "root"], table.Column(Table, "Nickname"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task One_person_has_one_row_a_door()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        var bo = await core.JoinAsync("Bo", token);
        core.Connect(bo);
        core.Connect(bo);
        core.Connect(bo, Door.Cli);

        var table = circuit.Render<ConnectedUsersTable>();

        await table.WaitForAssertionAsync(() =>
            Assert.Equal([("Bo", "Browser"), ("Bo", "CLI"), ("root", "Browser")], table.Rows(Table).Select(row => (row["Nickname"], row["Door"]))));
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData("aNNa", "Anna")]
    [InlineData(" workshop  ", "Bo")]
    [InlineData("172.16", "Cy")]
    public async Task Search_finds_by_name_room_and_address_in_any_case(string text, string found)
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        core.Connect(await core.JoinAsync("Anna", token));
        var bo = await core.JoinAsync("Bo", token);
        await using var inWorkshop = await core.EnterAsync(bo, token, await core.CreateRoomAsync("Workshop", bo, token));
        core.Connected.Connect(await core.JoinAsync("Cy", token), Door.Browser, "172.16.0.9");
        var table = circuit.Render<ConnectedUsersTable>();

        await table.TypeAsync("Search", text);
        await table.WaitForAssertionAsync(() => Assert.Equal([found], table.Column(Table, "Nickname")));
        Assert.Equal("1 of 4", table.Find("[role=status]").TextContent);

        await table.TypeAsync("Search", "nobody is called so");
        Assert.Empty(table.Column(Table, "Nickname"));
        Assert.Contains("Nobody matches.", table.Markup, StringComparison.Ordinal);

        await table.TypeAsync("Search", "");
        Assert.Equal(4, table.Rows(Table).Count);
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData("Nickname", "Anna bo Cy root")]
    [InlineData("Address", "bo root Anna Cy")]
    [InlineData("State", "Cy Anna bo root")]
    public async Task A_column_sorts_both_ways_and_says_so(string column, string ascending)
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        core.Connected.Connect(await core.JoinAsync("Cy", token), Door.Browser, "10.0.0.3").SetState(PresenceState.Away);
        core.Connected.Connect(await core.JoinAsync("Anna", token), Door.Browser, "10.0.0.2");
        core.Connected.Connect(await core.JoinAsync("bo", token), Door.Browser, "10.0.0.0");
        await using var circuit = new Circuit(core, root);
        var table = circuit.Render<ConnectedUsersTable>();
        if (column != "Nickname")
            await table.PressAsync(column);
        else
            await table.WaitForStateAsync(() => table.Rows(Table).Count == 4);

        Assert.Equal(("ascending", ascending), (Sorted(column), Names()));

        await table.PressAsync(column);
        Assert.Equal("descending", Sorted(column));
        // Who is equal stays in the order of the names.
        var descending = column == "State" ? "Anna bo root Cy" : string.Join(' ', ascending.Split(' ').Reverse());
        Assert.Equal(descending, Names());

        await table.PressAsync("Door");
        Assert.Equal(("none", "ascending"), (Sorted(column), Sorted("Door")));

        string Names() => string.Join(' ', table.Column(Table, "Nickname"));
        string? Sorted(string name) => table.Named("th", name).GetAttribute("aria-sort");
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Disconnect_ends_the_person_with_the_reason_and_stands_in_the_audit()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        await using var circuit = new Circuit(core, root);
        var bo = await core.JoinAsync("Bo", token);
        core.Connect(bo);
        core.Connect(bo, Door.Cli);
        var cy = await core.JoinAsync("Cy", token);
        core.Connect(cy);
        var table = circuit.Render<ConnectedUsersTable>();
        await table.TypeAsync("Reason", " Too loud ");

        // There is one button for each door, and each ends the whole person.
        await table.InvokeAsync(() => table.AllNamed("button", "Disconnect Bo")[0].ClickAsync());

        await circuit.NoticeAsync("Bo is disconnected.");
        Assert.False(bo.IsAlive);
        Assert.Contains("Too loud", bo.EndReason, StringComparison.Ordinal);
        Assert.True(cy.IsAlive);
        // Their rows stay for a moment, and nobody in them is online.
        await table.WaitForAssertionAsync(() => Assert.Equal("Bo Away, Bo Away, Cy Online, root Online", States()));
        await table.WaitForAssertionAsync(() => Assert.Equal(["Cy", "root"], table.Column(Table, "Nickname")));
        var act = Assert.Single(await core.ActsAsync(root, token));
        Assert.Equal(("root", "Disconnected", "Bo", "Too loud"), (act.Actor, act.Action, act.Subject, act.Detail));

        string States() => string.Join(", ", table.Column(Table, "Nickname").Zip(table.Column(Table, "State"), (name, state) => $"{name} {state}"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Rows_of_those_who_were_disconnected_stay_for_a_second_each()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var clock = new StillClock();
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token), clock);
        core.Connect(await core.JoinAsync("Bo", token));
        core.Connect(await core.JoinAsync("Cy", token));
        var table = circuit.Render<ConnectedUsersTable>();

        await table.PressAsync("Disconnect Bo");
        clock.Advance(TimeSpan.FromSeconds(0.9));
        await table.PressAsync("Disconnect Cy");
        Assert.Equal(["Bo", "Cy", "root"], table.Column(Table, "Nickname"));
        Assert.Equal(2, table.FindAll("tr.over").Count);

        // The second one takes nothing from the first one's time and adds nothing to it.
        clock.Advance(TimeSpan.FromSeconds(0.2));
        await table.WaitForAssertionAsync(() => Assert.Equal(["Cy", "root"], table.Column(Table, "Nickname")));
        clock.Advance(TimeSpan.FromSeconds(0.8));
        await table.WaitForAssertionAsync(() => Assert.Equal(["root"], table.Column(Table, "Nickname")));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Columns_are_those_that_were_promised_and_no_more()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));

        var table = circuit.Render<ConnectedUsersTable>();

        Assert.Equal(
            ["Nickname", "Door", "Rooms", "Address", "Connected since", "State", "Transfers"],
            table.FindAll("th, [role=columnheader]").Select(head => head.Words()));
        // Each cell of a row stands under one of the first row.
        Assert.All(table.FindAll("tr"), row => Assert.Equal(8, row.ChildElementCount));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Disconnect_of_an_administrator_whose_session_ended_does_nothing_and_says_why()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        await using var circuit = new Circuit(core, root);
        var bo = await core.JoinAsync("Bo", token);
        core.Connect(bo);
        var table = circuit.Render<ConnectedUsersTable>();
        await table.WaitForStateAsync(() => table.AllNamed("button", "Disconnect Bo").Count == 1);

        await core.Sessions.EndPersonAsync(root.PersonId, "Night shift is over.", token);
        await table.PressAsync("Disconnect Bo");

        await circuit.NoticeAsync("Night shift is over.");
        Assert.True(bo.IsAlive);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Somebody_who_is_no_administrator_is_refused()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Mallory", token));

        var refused = Assert.Throws<RefusedException>(() => circuit.Render<ConnectedUsersTable>());

        Assert.Equal(RefusalKind.NotPermitted, refused.Kind);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_running_upload_moves_in_the_row_of_its_sender_and_goes_when_it_is_a_file()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        await using var bo = await core.EnterAsync("Bo", token);
        await using var cy = await core.EnterAsync("Cy", token);
        var upload = await core.OfferAsync(bo, "plan.pdf", 1000, token);
        var content = Make.Bytes(1000);
        var table = circuit.Render<ConnectedUsersTable>();
        await table.WaitForAssertionAsync(() => Assert.Equal("0", Percent()));

        await upload.AppendAsync(0, new MemoryStream(content[..250]), token);
        await table.WaitForAssertionAsync(() => Assert.Equal("25", Percent()));
        Assert.Contains("plan.pdf · 25 %", table.Rows(Table)[0]["Transfers"], StringComparison.Ordinal);
        Assert.Equal("", table.Rows(Table)[1]["Transfers"]);

        await upload.AppendAsync(250, new MemoryStream(content[250..600]), token);
        await table.WaitForAssertionAsync(() => Assert.Equal("60", Percent()));

        await upload.AppendAsync(600, new MemoryStream(content[600..]), token);
        await table.WaitForAssertionAsync(() => Assert.Empty(table.FindAll("[role=progressbar]")));

        string? Percent() => table.Named("[role=progressbar]", "plan.pdf of Bo").GetAttribute("aria-valuenow");
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_running_download_moves_in_the_row_of_its_reader_and_goes_when_it_ends()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        var bo = await core.JoinAsync("Bo", token);
        core.Connect(bo);
        var table = circuit.Render<ConnectedUsersTable>();
        var download = core.Get<ActiveDownloads>().Begin(Sample.File("plan.pdf"), bo, Door.Browser, length: 1000, isShown: false, token);

        await download.PassAsync(250);
        await table.WaitForAssertionAsync(() => Assert.Equal("25", Percent()));
        Assert.Contains("plan.pdf · 25 %", table.Rows(Table)[0]["Transfers"], StringComparison.Ordinal);

        download.Dispose();
        await table.WaitForAssertionAsync(() => Assert.Empty(table.FindAll("[role=progressbar]")));

        string? Percent() => table.Named("[role=progressbar]", "plan.pdf to Bo").GetAttribute("aria-valuenow");
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Transfers_stand_in_the_row_of_the_door_that_they_go_through_and_the_rest_is_counted()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.AdministratorAsync(token));
        var bo = await core.JoinAsync("Bo", token);
        core.Connect(bo);
        core.Connect(bo, Door.Cli);
        for (var number = 1; number <= 12; number++)
            core.Get<ActiveDownloads>().Begin(Sample.File($"{number}.pdf"), bo, Door.Cli, length: 1000, isShown: false, token);
        // By a door that is closed again.
        core.Get<ActiveDownloads>().Begin(Sample.File("old.pdf"), bo, Door.Api, length: 1000, isShown: false, token);
        var table = circuit.Render<ConnectedUsersTable>();

        var rows = table.Rows(Table).Where(row => row["Nickname"] == "Bo").ToDictionary(row => row["Door"], row => row["Transfers"]);
        Assert.Contains("10.pdf", rows["CLI"], StringComparison.Ordinal);
        Assert.EndsWith("and 2 more", rows["CLI"].Trim(), StringComparison.Ordinal);
        Assert.DoesNotContain("old.pdf", rows["CLI"], StringComparison.Ordinal);
        Assert.Contains("old.pdf", rows["Browser"], StringComparison.Ordinal);
    }
}
