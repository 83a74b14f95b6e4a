using Bunit;
using ChatShare.Core.People;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Layout;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class SessionGateTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task An_ended_session_shows_the_reason_and_the_way_back()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        var ann = await core.JoinAsync("Ann", token);
        await using var circuit = new Circuit(core, ann);
        circuit.Navigation.NavigateTo("/rooms/Gr%C3%B6%C3%9Fe?x=1");
        var gate = Render(circuit);
        Assert.Equal("<p>the page</p>", gate.Markup.Trim());

        await core.Get<Administration>().DisconnectAsync(ann.PersonId, "Ann", "<b>loud</b>", root, token);

        await gate.WaitForAssertionAsync(() => Assert.Contains("You were disconnected", gate.Find("[role=alert]").TextContent, StringComparison.Ordinal));
        Assert.Contains("Reason: <b>loud</b>", gate.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("the page", gate.Markup, StringComparison.Ordinal);
        AssertLeadsTo(gate, "/rooms/Gr%C3%B6%C3%9Fe?x=1");
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Who_left_in_another_tab_is_told_so_here()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var ann = await core.JoinAsync("Ann", token);
        await using var circuit = new Circuit(core, ann);
        await using var other = new Circuit(core, await core.JoinAsync("Bo", token));
        circuit.Navigation.NavigateTo("/rooms/Lobby");
        var gate = Render(circuit);
        var gateOfOther = Render(other);

        await core.Sessions.EndAsync(ann.Id, reason: null, token);

        await gate.WaitForAssertionAsync(() => Assert.Contains("You have left", gate.Find("[role=alert]").TextContent, StringComparison.Ordinal));
        AssertLeadsTo(gate, "/rooms/Lobby");
        Assert.Equal("<p>the page</p>", gateOfOther.Markup.Trim());
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_session_that_had_ended_before_shows_no_page()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var ann = await core.JoinAsync("Ann", token);
        await core.Sessions.EndPersonAsync(ann.PersonId, "Not today.", token);
        await using var circuit = new Circuit(core, ann);
        await using var late = new Circuit(core, session: null);

        Assert.Contains("Not today.", Render(circuit).Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Contains("You have left", Render(late).Find("[role=alert]").TextContent, StringComparison.Ordinal);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task An_administrator_who_was_disconnected_signs_in_since_a_nickname_opens_none_of_their_pages()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        await using var circuit = new Circuit(core, root);
        circuit.Navigation.NavigateTo("/admin");
        var gate = Render(circuit);

        await core.Sessions.EndAsync(root.Id, "Not today.", token);

        await gate.WaitForAssertionAsync(() => AssertLeadsTo(gate, "/admin", "Sign in", "/signin"));
    }

    private static IRenderedComponent<SessionGate> Render(Circuit circuit) =>
        circuit.Render<SessionGate>(parameters => parameters.AddChildContent("<p>the page</p>"));

    private static void AssertLeadsTo(IRenderedComponent<SessionGate> gate, string address, string button = "Join again", string page = "/")
    {
        var form = gate.Named("button", button).Closest("form")!;
        Assert.Equal(("get", page), (form.GetAttribute("method"), form.GetAttribute("action")));
        Assert.Equal(address, form.QuerySelector("[name=returnUrl]")!.GetAttribute("value"));
    }
}
