using Bunit;
using ChatShare.Core.Rooms;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Chat;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class NewRoomDialogTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task A_free_name_makes_the_room_with_its_topic_and_closes_the_dialog()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var dialog = await OpenAsync(circuit);

        await circuit.Dialogs.TypeAsync("Room name", "  Garden ");
        await circuit.Dialogs.TypeAsync("Topic", "Tomatoes and so on");
        await SubmitAsync(circuit);

        var room = Assert.IsType<Room>((await dialog.Result)?.Data);
        Assert.Equal(("Garden", "Tomatoes and so on"), (room.Name.Value, room.Topic));
        Assert.Same(room, core.Rooms.Find(Make.RoomName("garden")));
        await circuit.Dialogs.WaitForAssertionAsync(() => Assert.Empty(circuit.Dialogs.FindAll("form")));
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData("lobby")]
    [InlineData("")]
    [InlineData("what/ever")]
    public async Task A_name_that_cannot_be_is_told_beside_the_field_and_what_was_typed_stays(string name)
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var dialog = await OpenAsync(circuit);
        Assert.Null(circuit.Dialogs.Named("input", "Room name").GetAttribute("aria-invalid"));
        await circuit.Dialogs.TypeAsync("Room name", name);
        await circuit.Dialogs.TypeAsync("Topic", "Tomatoes");

        await SubmitAsync(circuit);

        var field = circuit.Dialogs.Named("input", "Room name");
        Assert.Equal("true", field.GetAttribute("aria-invalid"));
        var error = circuit.Dialogs.Find($"#{field.GetAttribute("aria-describedby")}");
        Assert.Equal("alert", error.GetAttribute("role"));
        Assert.Equal(RoomName.TryParse(name, out _, out var invalid) ? "There is a room “lobby” already." : invalid, error.TextContent);
        Assert.Equal(
            (name, "Tomatoes"), (field.GetAttribute("value") ?? "", circuit.Dialogs.Named("input", "Topic").GetAttribute("value")));
        Assert.Single(core.Rooms.Rooms);
        Assert.False(dialog.Result.IsCompleted);

        // And the way out of it.
        await circuit.Dialogs.TypeAsync("Room name", "Garden");
        await SubmitAsync(circuit);
        Assert.Equal("Tomatoes", Assert.IsType<Room>((await dialog.Result)?.Data).Topic);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Cancel_makes_nothing()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var dialog = await OpenAsync(circuit);
        await circuit.Dialogs.TypeAsync("Room name", "Garden");

        await circuit.Dialogs.PressAsync("Cancel");

        Assert.True((await dialog.Result)?.Canceled);
        Assert.Single(core.Rooms.Rooms);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_session_that_ended_makes_no_room_and_reads_why()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var ann = await core.JoinAsync("Ann", token);
        await using var circuit = new Circuit(core, ann);
        await OpenAsync(circuit);
        await circuit.Dialogs.TypeAsync("Room name", "Garden");
        await core.Sessions.EndPersonAsync(ann.PersonId, "Too many rooms.", token);

        await SubmitAsync(circuit);

        Assert.Equal("Too many rooms.", circuit.Dialogs.Find("[role=alert]").TextContent);
        Assert.Single(core.Rooms.Rooms);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_fault_of_the_topic_stands_beside_the_topic()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var dialogs = circuit.Services.GetRequiredService<IDialogService>();
        await circuit.Dialogs.InvokeAsync(() => dialogs.ShowAsync<NewRoomDialog>("New room"));
        await circuit.Dialogs.WaitForStateAsync(() => circuit.Dialogs.AllNamed("input", "Room name").Count == 1);
        await circuit.Dialogs.TypeAsync("Room name", "Garden");
        await circuit.Dialogs.TypeAsync("Topic", "a\tb");
        await circuit.Dialogs.InvokeAsync(() => circuit.Dialogs.Find("form").SubmitAsync());

        Assert.Null(circuit.Dialogs.Named("input", "Room name").GetAttribute("aria-invalid"));
    }

    private static async Task<IDialogReference> OpenAsync(Circuit circuit)
    {
        var dialogs = circuit.Services.GetRequiredService<IDialogService>();
        var dialog = await circuit.Dialogs.InvokeAsync(() => dialogs.ShowAsync<NewRoomDialog>("New room"));
        await circuit.Dialogs.WaitForStateAsync(() => circuit.Dialogs.AllNamed("input", "Room name").Count == 1);
        return dialog;
    }

    private static Task SubmitAsync(Circuit circuit) => circuit.Dialogs.InvokeAsync(() =>
    {
        // The button stands outside of the form and is tied to it by its id, which the browser follows.
        Assert.Equal(circuit.Dialogs.Find("form").Id, circuit.Dialogs.Named("button", "Create").GetAttribute("form"));
        return circuit.Dialogs.Find("form").SubmitAsync();
    });
}
