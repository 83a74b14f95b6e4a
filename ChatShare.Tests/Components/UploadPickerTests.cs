using System.IO.Pipelines;
using Bunit;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Chat;
using ChatShare.Web.Components.Files;
using ChatShare.Web.Components.Layout;
using Microsoft.AspNetCore.Components.Forms;
using Microsoft.Extensions.DependencyInjection;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

/// <summary>The picker beside an open room, as in the layout. Files are raised by hand: bunit's own way waits for their end.</summary>
public sealed class UploadPickerTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task A_picked_file_fills_its_card_live_and_becomes_the_file()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var (room, picker) = await OpenAsync(circuit, core);
        var content = Make.Bytes(10_000);
        var file = new GatedFile("plan.pdf", content.Length);

        var picked = PickAsync(picker, file);

        await room.WaitForAssertionAsync(() => Assert.Equal("0", Percent(room, "plan.pdf")));
        await file.SendAsync(content.AsMemory(0, 2000), token);
        await room.WaitForAssertionAsync(() => Assert.Equal("20", Percent(room, "plan.pdf")));
        Assert.False(picked.IsCompleted);

        // The server reports a few times a second, so the next report comes with some later bytes.
        var sent = 2000;
        await Eventually.TrueAsync(async () =>
        {
            await file.SendAsync(content.AsMemory(sent, 50), token);
            sent += 50;
            return await room.InvokeAsync(() => Percent(room, "plan.pdf")) is not "20";
        });

        await file.SendAsync(content.AsMemory(sent), token, isLast: true);
        await picked;
        await room.WaitForAssertionAsync(() => Assert.Single(room.AllNamed("a", "Download plan.pdf")));
        Assert.Empty(room.FindAll("[role=progressbar]"));
        Assert.Equal([Make.Sha256(content)], core.Contents());
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_second_pick_keeps_the_first_alive_and_waits_for_its_turn()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var (room, picker) = await OpenAsync(circuit, core);
        var (first, second) = (new GatedFile("first.bin", 100), new GatedFile("second.bin", 200));
        var firstElement = picker.FindComponent<InputFile>().Instance;

        var firstPicked = PickAsync(picker, first);
        await first.SendAsync(Make.Bytes(40), token);
        await room.WaitForAssertionAsync(() => Assert.Equal("40", Percent(room, "first.bin")));

        // The element that holds the first file stays, out of sight; another one takes the next pick.
        var inputs = picker.FindComponents<InputFile>();
        Assert.Equal(2, inputs.Count);
        Assert.Same(firstElement, inputs[0].Instance);
        Assert.Equal([true, false], picker.FindAll("input[type=file]").Select(input => input.HasAttribute("hidden")));
        Assert.Equal([null, "attach-files"], picker.FindAll("input[type=file]").Select(input => input.GetAttribute("id")));
        // What is looked for by its name is the one that can be used.
        Assert.Equal([null, "Attach files"], picker.FindAll("input[type=file]").Select(input => input.GetAttribute("aria-label")));

        var secondPicked = PickAsync(picker, second);
        await room.WaitForAssertionAsync(() => Assert.Equal("0", Percent(room, "second.bin")));
        Assert.Equal((1, 0), (first.Opened, second.Opened));

        await first.SendAsync(Make.Bytes(60, seed: 2), token, isLast: true);
        await firstPicked;
        await room.WaitForAssertionAsync(() => Assert.Single(room.AllNamed("a", "Download first.bin")));
        Assert.False(secondPicked.IsCompleted);

        await second.SendAsync(Make.Bytes(200), token, isLast: true);
        await secondPicked;
        await room.WaitForAssertionAsync(() => Assert.Single(room.AllNamed("a", "Download second.bin")));
        await picker.WaitForAssertionAsync(() => Assert.Equal("attach-files", Assert.Single(picker.FindAll("input[type=file]")).GetAttribute("id")));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_file_that_waits_can_be_cancelled_and_is_never_opened()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var (room, picker) = await OpenAsync(circuit, core);
        var (first, second) = (new GatedFile("first.bin", 100), new GatedFile("second.bin", 200));
        var picked = PickAsync(picker, first, second);
        await room.WaitForAssertionAsync(() => Assert.Equal(2, room.FindAll(".card [role=progressbar]").Count));

        await room.PressAsync("Cancel second.bin");
        await room.WaitForAssertionAsync(() => Assert.Single(room.FindAll(".card [role=progressbar]")));
        await first.SendAsync(Make.Bytes(100), token, isLast: true);
        await picked;

        Assert.Equal(0, second.Opened);
        var files = (await core.AllAsync(core.Lobby, token)).Single().Files;
        Assert.Equal([FileState.Ready, FileState.Cancelled], files.Select(file => file.State));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_file_over_the_limit_is_refused_with_the_limit_before_the_first_byte()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token, ("Limits:FileBytes", "1000"));
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var (room, picker) = await OpenAsync(circuit, core);
        var file = new GatedFile("film.mkv", 2000);

        await PickAsync(picker, file);

        await circuit.NoticeAsync($"“film.mkv” is {ByteSize.Format(2000)}; the limit here is {ByteSize.Format(1000)}.");
        Assert.Equal(0, file.Opened);
        Assert.Empty(await core.AllAsync(core.Lobby, token));
        Assert.Empty(room.FindAll("[role=progressbar]"));

        // And the picker takes the next one.
        var small = new GatedFile("note.txt", 10);
        var picked = PickAsync(picker, small);
        await small.SendAsync(Make.Bytes(10), token, isLast: true);
        await picked;
        await room.WaitForAssertionAsync(() => Assert.Single(room.AllNamed("a", "Download note.txt")));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Files_that_fit_do_not_wait_until_the_notice_of_one_that_does_not_is_drawn()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token, ("Limits:FileBytes", "1000"));
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var (room, picker) = await OpenAsync(circuit, core);
        var drawn = new TaskCompletionSource();
        circuit.Services.GetRequiredService<Overlays>().MountWith(drawn.Task.WaitAsync);
        var (large, small) = (new GatedFile("film.mkv", 2000), new GatedFile("note.txt", 10));

        var picked = PickAsync(picker, large, small);
        await small.SendAsync(Make.Bytes(10), token, isLast: true);
        await room.WaitForAssertionAsync(() => Assert.Single(room.AllNamed("a", "Download note.txt")));
        Assert.False(picked.IsCompleted);

        drawn.SetResult();
        await picked;
        await circuit.NoticeAsync("“film.mkv” is");
    }

    [Theory(Timeout = Make.Patience)]
    [InlineData(60, "The file turned out shorter than was announced.")]
    [InlineData(140, "The file turned out longer than was announced.")]
    public async Task A_file_of_another_length_than_announced_fails_with_a_sentence_on_its_card(int length, string sentence)
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var (room, picker) = await OpenAsync(circuit, core);
        var file = new GatedFile("log.txt", 100);

        var picked = PickAsync(picker, file);
        await file.SendAsync(Make.Bytes(length), token, isLast: true);
        await picked;

        await room.WaitForAssertionAsync(() => Assert.Contains(sentence, room.Named("[role=log]", "Messages").TextContent, StringComparison.Ordinal));
        Assert.Empty(core.PartialFiles());
        Assert.Empty(core.Contents());
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_page_that_goes_away_fails_its_uploads()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        var (room, picker) = await OpenAsync(circuit, core);
        var file = new GatedFile("plan.pdf", 100);
        var picked = PickAsync(picker, file);
        await file.SendAsync(Make.Bytes(40), token);
        await room.WaitForAssertionAsync(() => Assert.Equal("40", Percent(room, "plan.pdf")));

        await picker.Instance.DisposeAsync();

        await picked;
        await room.WaitForAssertionAsync(() => Assert.Contains("connection was lost", room.Markup, StringComparison.Ordinal));
        Assert.Equal(FileState.Failed, (await core.AllAsync(core.Lobby, token)).Single().Files.Single().State);
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_pick_goes_to_the_room_that_was_said_with_its_folders_and_nowhere_when_none_was()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        var ann = await core.JoinAsync("Ann", token);
        await using var circuit = new Circuit(core, ann);
        var secret = await core.CreateRoomAsync("Secret", ann, token);
        var (_, picker) = await OpenAsync(circuit, core);
        var (first, second) = (new GatedFile("a.txt", 10), new GatedFile("b.txt", 10));
        await first.SendAsync(Make.Bytes(10), token, isLast: true);
        await second.SendAsync(Make.Bytes(10, seed: 2), token, isLast: true);

        await PickAsync(picker, "secret", ["trip/../day 1", ""], first, second);

        var files = (await core.AllAsync(secret, token)).Single().Files;
        Assert.Equal([("a.txt", "trip/day 1"), ("b.txt", null)], files.Select(file => (file.Name, file.Folder)));
        await PickAsync(picker, "Nowhere", [], new GatedFile("c.txt", 10));
        await circuit.NoticeAsync("There is no room “Nowhere”.");
        await PickAsync(picker, room: null, [], new GatedFile("d.txt", 10));
        await circuit.NoticeAsync("Open a room first, then share files there.");
        Assert.Empty(await core.AllAsync(core.Lobby, token));
    }

    private static async Task<(IRenderedComponent<RoomView> Room, IRenderedComponent<UploadPicker> Picker)> OpenAsync(Circuit circuit, CoreHost core)
    {
        var room = circuit.ShowRoom(core.Lobby);
        await room.WaitForStateAsync(() => room.Markup.Contains("Say hello", StringComparison.Ordinal));
        return (room, circuit.Render<UploadPicker>());
    }

    /// <summary>Picks files for the Lobby in the element that is there for the next pick; ends when they have ended.</summary>
    private static Task PickAsync(IRenderedComponent<UploadPicker> picker, params IBrowserFile[] files) => PickAsync(picker, "Lobby", [], files);

    private static Task PickAsync(IRenderedComponent<UploadPicker> picker, string? room, string?[] folders, params IBrowserFile[] files) =>
        picker.InvokeAsync(() =>
        {
            if (room is not null)
                picker.Instance.Expect(room, folders);
            return picker.FindComponents<InputFile>()[^1].Instance.OnChange.InvokeAsync(new InputFileChangeEventArgs(files));
        });

    private static string? Percent(IRenderedComponent<RoomView> room, string file) =>
        room.Named("[role=progressbar]", $"Uploading {file}").GetAttribute("aria-valuenow");

    /// <summary>A file whose bytes come when the test says so.</summary>
    private sealed class GatedFile(string name, long size) : IBrowserFile
    {
        private readonly Pipe _bytes = new();
        private int _opened;

        public int Opened => Volatile.Read(ref _opened);

        public string Name => name;

        public DateTimeOffset LastModified => Sample.Noon;

        public long Size => size;

        public string ContentType => "";

        public Stream OpenReadStream(long maxAllowedSize = 512_000, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _opened);
            return _bytes.Reader.AsStream();
        }

        public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken, bool isLast = false)
        {
            await _bytes.Writer.WriteAsync(bytes, cancellationToken);
            if (isLast)
                await _bytes.Writer.CompleteAsync();
        }
    }
}
