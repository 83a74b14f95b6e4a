using ChatShare.Core;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Chat;
using ChatShare.Core.Files;
using ChatShare.Core.People;

namespace ChatShare.Tests.Components;

public sealed class RowActionsTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Ones_own_message_goes_at_ones_word_and_that_of_others_at_an_administrators_which_is_written_down()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var root = await core.AdministratorAsync(token);
        await using var ann = await core.EnterAsync("Ann", token);
        await using var bo = await core.EnterAsync("Bo", token);
        var actions = new RowActions(core.Get<FileKeeping>(), core.Get<FileRemoval>(), core.Get<Administration>());
        var mine = await ann.SayAsync("mine", token);
        var rude = await ann.SayAsync("rude", token);

        var refused = await Assert.ThrowsAsync<RefusedException>(() => actions.ActAsync("take-back", core.Lobby, mine, null, bo.Participant.Session, token));
        Assert.Equal(RefusalKind.NotPermitted, refused.Kind);
        await actions.ActAsync("no such button", core.Lobby, mine, null, ann.Participant.Session, token);
        Assert.DoesNotContain(await core.AllAsync(core.Lobby, token), message => message.Deleted);

        await actions.ActAsync("take-back", core.Lobby, mine, null, ann.Participant.Session, token);
        Assert.Empty(await core.ActsAsync(root, token));
        await actions.ActAsync("take-back", core.Lobby, rude, null, root, token);

        Assert.All(await core.AllAsync(core.Lobby, token), message => Assert.Equal((true, ""), (message.Deleted, message.Text)));
        Assert.Equal("Deleted message", Assert.Single(await core.ActsAsync(root, token)).Action);
    }
}
