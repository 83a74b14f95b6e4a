using Bunit;
using ChatShare.Core.Messages;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Chat;
using ChatShare.Web.Components.Pages;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class RoomSearchPageTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Who_stops_typing_sees_what_was_said_and_where()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var time = new StillClock();
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token), time);
        await using var bo = await core.EnterAsync("Bo", token);
        var plan = await bo.SayAsync("The plan <b>is</b> ready", token);
        await bo.SayAsync("Nothing to see", token);
        var navigation = circuit.Services.GetRequiredService<NavigationManager>();
        navigation.NavigateTo("/rooms/Lobby/search");
        var page = circuit.Render<RoomSearchPage>(parameters => parameters.Add(p => p.Address, "lobby"));

        var typed = page.TypeAsync("Search", "plan");
        await Eventually.TrueAsync(() => Task.FromResult(time.Awaited.Count == 1));
        time.Advance(TimeSpan.FromSeconds(1));
        await typed;

        await page.WaitForAssertionAsync(() => Assert.Equal("1 found", page.Find("[role=status]").TextContent));
        Assert.EndsWith("/rooms/Lobby/search?q=plan", navigation.Uri, StringComparison.Ordinal);
        var hit = Assert.Single(page.FindAll(".hit"));
        Assert.Equal($"/rooms/Lobby?at={plan.Number}", hit.GetAttribute("href"));
        Assert.Equal(("plan", "The plan <b>is</b> ready"), (hit.QuerySelector("mark")!.TextContent, hit.QuerySelector(".hit-text")!.TextContent));

        navigation.NavigateTo("/rooms/Lobby/search?q=nowhere");
        await page.WaitForAssertionAsync(() => Assert.Equal("No message has these words.", page.Find("[role=status]").TextContent));
        Assert.Equal("nowhere", page.Named("input", "Search").GetAttribute("value"));
        Assert.Empty(page.FindAll(".hit"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task More_than_fifty_come_by_and_by()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token, ("Limits:MessagesPerSecond", "0"));
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        await using var bo = await core.EnterAsync("Bo", token);
        for (var i = 0; i < 60; i++)
            await bo.SayAsync($"again {i}", token);
        circuit.Services.GetRequiredService<NavigationManager>().NavigateTo("/rooms/Lobby/search?q=again");

        var page = circuit.Render<RoomSearchPage>(parameters => parameters.Add(p => p.Address, "Lobby"));

        await page.WaitForAssertionAsync(() => Assert.Equal("The newest 50 found", page.Find("[role=status]").TextContent));
        await page.PressAsync("Show more");
        await page.WaitForAssertionAsync(() => Assert.Equal("60 found", page.Find("[role=status]").TextContent));
        Assert.Equal(Enumerable.Range(0, 60).Reverse().Select(i => $"again {i}"), page.FindAll(".hit-text").Select(text => text.TextContent));
        Assert.DoesNotContain("Show more", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Excerpt_is_around_the_first_hit_and_on_one_line()
    {
        Assert.True(SearchWords.TryParse("needle", out var words, out _));

        Assert.Equal("a NEEDLE", Text("a\nNEEDLE"));
        Assert.Equal("no such word", Text("no such word"));
        var deep = Text(string.Concat(Enumerable.Repeat("hay ", 100)) + "needle " + string.Concat(Enumerable.Repeat("straw ", 100)));
        Assert.StartsWith("…hay ", deep, StringComparison.Ordinal);
        Assert.Contains(" needle ", deep, StringComparison.Ordinal);
        Assert.EndsWith("…", deep, StringComparison.Ordinal);
        Assert.InRange(deep.Length, 200, 250);
        // Hits without end, and one that has none, are cut like anything else.
        Assert.True(SearchWords.TryParse("e", out var letter, out _));
        Assert.InRange(string.Concat(Excerpt.Of(new string('é', 16_000), letter).Select(part => part.Text)).Length, 200, 250);
        Assert.InRange(string.Concat(Excerpt.Of($"e{new string('\u0301', 15_000)}", letter).Select(part => part.Text)).Length, 200, 650);
        // Nothing is cut in two that is one character.
        var emoji = Text(string.Concat(Enumerable.Repeat("🙂", 100)) + "needle" + string.Concat(Enumerable.Repeat("🙂", 300)));
        Assert.Equal(emoji, string.Concat(emoji.EnumerateRunes().Where(rune => rune.Value != 0xFFFD).Select(rune => rune.ToString())));

        string Text(string text) => string.Concat(Excerpt.Of(text, words).Select(part => part.Text));
    }
}
