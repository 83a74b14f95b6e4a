using System.Collections.Immutable;
using Bunit;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Chat;

namespace ChatShare.Tests.Components;

public sealed class ChatComponentTests : BunitContext
{
    private static readonly Guid Me = Guid.NewGuid();

    [Theory]
    [InlineData("", new string[0])]
    [InlineData("Bo is typing…", new[] { "Bo" })]
    [InlineData("Bo and Cy are typing…", new[] { "Bo", "Cy" })]
    [InlineData("Bo, Cy and 2 more are typing…", new[] { "Bo", "Cy", "Di", "Ed" })]
    public async Task Typing_line_names_the_others_and_never_oneself(string text, string[] names)
    {
        var line = Render<TypingLine>(parameters => parameters.Add(p => p.Viewer, Me));
        ImmutableArray<PersonTyping> people = [new(Me, "Ann"), .. names.Select(name => new PersonTyping(Guid.NewGuid(), name))];

        await line.InvokeAsync(() => line.Instance.Show(people));

        Assert.Equal(text, line.Find(".typing-line").TextContent);
    }

    [Fact]
    public void A_block_draws_days_the_unread_line_and_followers()
    {
        var window = new TimelineWindow(new ForwardClock(Sample.Noon)) { Seen = 2, Viewer = Me };
        window.Reset([Sample.Make(1, "one"), Sample.Make(2, "two"), Sample.Make(3, "three")]);

        var block = Render<MessageBlock>(parameters => parameters
            .AddCascadingValue(new TimelineView { Window = window }).Add(p => p.Block, window.Blocks[0]));

        Assert.Equal("Today", block.Find(".day").TextContent.Trim());
        Assert.Equal(["row", "row follows", "row"], block.FindAll(".row").Select(row => row.ClassName));
        Assert.Equal("New messages", block.Find(".new-line").GetAttribute("aria-label"));
        Assert.Equal(["one", "two", "three"], block.FindAll(".text").Select(text => text.TextContent));
    }

    [Fact]
    public void A_block_that_did_not_change_is_not_drawn_again()
    {
        var window = new TimelineWindow(new ForwardClock(Sample.Noon));
        window.Reset([Sample.Make(1)]);
        var block = Render<MessageBlock>(parameters => parameters
            .AddCascadingValue(new TimelineView { Window = window }).Add(p => p.Block, window.Blocks[0]));

        block.Render(parameters => parameters.Add(p => p.Block, window.Blocks[0]));
        Assert.Equal(1, block.RenderCount);

        window.Apply(Sample.Make(2));
        block.Render(parameters => parameters.Add(p => p.Block, window.Blocks[0]));
        Assert.Equal(2, block.FindAll(".row").Count);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Composer_is_plain_and_named()
    {
        var token = Xunit.TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var composer = circuit.Render<Composer>(parameters => parameters.Add(p => p.RoomName, "Lobby"));

        Assert.Equal("Message", composer.Find("textarea").GetAttribute("aria-label"));
        Assert.Equal(["Add files", "Add a folder", "Send"], composer.FindAll("button").Select(button => button.GetAttribute("aria-label")));
    }
}
