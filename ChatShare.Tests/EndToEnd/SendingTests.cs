using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

/// <summary>From the pick to the card: chips, several files as one card, hundreds of them.</summary>
public sealed class SendingTests(Chromium chromium, ServerFixture fixture) : IClassFixture<ServerFixture>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private ServerProcess Server => fixture.Server;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Picks_add_up_as_chips_can_be_taken_back_and_go_below_the_text_as_one_card()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Picker");
        await ann.NewRoomAsync("Picks");
        var chips = ann.Page.GetByRole(AriaRole.List, new() { Name = "Files to send" });
        await ann.Field.FillAsync("here they are");

        await ann.AttachAsync(Text("one.txt"), Text("wrong.txt"));
        await ann.AttachAsync(Text("two.txt"));
        await ann.Button("Remove wrong.txt").PressAsync("Enter");
        await Expect(chips.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(2);
        await Expect(ann.Button("Remove two.txt")).ToBeFocusedAsync();
        await ann.Button("Send").ClickAsync();

        await Expect(ann.Download("two.txt")).ToBeVisibleAsync();
        await Expect(ann.Download("one.txt")).ToBeVisibleAsync();
        await Expect(chips).ToBeHiddenAsync();
        await Expect(ann.Log.GetByText("wrong.txt")).ToHaveCountAsync(0);
        await Expect(ann.Log.Locator(".message:has(.group)")).ToHaveCountAsync(1);
        Assert.Equal([".text", ".group"], await ann.Log.EvaluateAsync<string[]>(
            "log => [...log.querySelectorAll('.message[id] .text, .message[id] .group')].slice(-2).map(part => '.' + part.className)"));
    }

    [Fact]
    public async Task Chips_go_by_themselves_unless_they_are_held()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Holder");
        await ann.AttachAsync(Text("at once.txt"));
        await Expect(ann.Download("at once.txt")).ToBeVisibleAsync();
        // Whoever writes gets time, and need not send it.
        var waits = ann.Page.EvaluateAsync<bool>(
            """
            () => new Promise((resolve) => {
              const chips = document.querySelector(".chips");
              new MutationObserver((_, observer) => {
                if (chips.querySelector(".chip")) {
                  observer.disconnect();
                  const field = document.querySelector(".composer-text");
                  field.value = "about it";
                  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
                  // Longer than they wait for nobody, and by the clock that they wait by.
                  setTimeout(() => resolve(chips.querySelector(".chip") !== null), 2000);
                }
              }).observe(chips, { childList: true, subtree: true });
            })
            """);
        await ann.AttachAsync(Text("a moment later.txt"));
        Assert.True(await waits.WaitAsync(Make.PatienceForOne, TestContext.Current.CancellationToken));
        await Expect(ann.Download("a moment later.txt")).ToBeVisibleAsync();
        await ann.Field.FillAsync("");

        await ann.AttachAndHoldAsync(Text("held.txt"));
        await ann.AttachAsync(Text("and more.txt"));
        // Longer than they would have waited: a second file goes its whole way meanwhile.
        await ann.NewRoomAsync("Meanwhile");
        await ann.AttachAsync(Text("other.txt"));
        await Expect(ann.Download("other.txt")).ToBeVisibleAsync();
        await ann.Rooms.GetByText("Lobby").ClickAsync();
        await Expect(ann.Page.GetByPlaceholder("Message Lobby")).ToBeVisibleAsync();
        await ann.InRoomAsync();

        await Expect(ann.Button("Remove held.txt")).ToBeVisibleAsync();
        await Expect(ann.Download("held.txt")).ToHaveCountAsync(0);
        await ann.Field.PressAsync("Enter");
        await Expect(ann.Download("held.txt")).ToBeVisibleAsync();
        await Expect(ann.Download("and more.txt")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_picture_that_is_pasted_is_a_chip_with_a_preview()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Paster");

        await ann.Field.EvaluateAsync(
            """
            async field => {
              const canvas = document.createElement("canvas");
              canvas.width = canvas.height = 40;
              canvas.getContext("2d").fillRect(0, 0, 20, 20);
              const blob = await new Promise(resolve => canvas.toBlob(resolve));
              const clipboardData = new DataTransfer();
              clipboardData.items.add(new File([blob], "image.png", { type: "image/png" }));
              field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
            }
            """);
        var chip = ann.Page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "image.png" });
        await Expect(chip.Locator("img")).ToHaveJSPropertyAsync("naturalWidth", 40);

        await Expect(ann.Download("image.png")).ToBeVisibleAsync();
        await Expect(ann.Log.GetByRole(AriaRole.Link, new() { Name = "Look at image.png" })).ToBeVisibleAsync();

        // Wherever the focus is; files bring their names as text, and text that brings its picture is text.
        await ann.Log.EvaluateAsync(
            """
            log => {
              const paste = (file, texts) => {
                const clipboardData = new DataTransfer();
                clipboardData.items.add(file);
                Object.entries(texts).forEach(([type, text]) => clipboardData.setData(type, text));
                log.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
              };
              paste(new File(["x"], "cells.png", { type: "image/png" }), { "text/plain": "1 2", "text/html": "<b>1 2</b>" });
              paste(new File(["x"], "copied.txt", { type: "text/plain" }), { "text/plain": "copied.txt" });
            }
            """);
        await Expect(ann.Download("copied.txt")).ToBeVisibleAsync();
        await Expect(ann.Log.GetByText("cells.png")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task The_place_of_a_picture_is_kept_while_it_comes_so_that_nothing_moves_when_it_is_there()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Painter");
        var bo = await fixture.OnlookerAsync();
        await ann.Page.SendAtAsync(40_000);

        await ann.Field.EvaluateAsync(
            """
            async field => {
              const canvas = document.createElement("canvas");
              [canvas.width, canvas.height] = [240, 180];
              const context = canvas.getContext("2d");
              const noise = context.createImageData(240, 180);
              noise.data.forEach((_, at) => (noise.data[at] = at % 4 === 3 ? 255 : Math.random() * 256));
              context.putImageData(noise, 0, 0);
              const blob = await new Promise(resolve => canvas.toBlob(resolve));
              const clipboardData = new DataTransfer();
              clipboardData.items.add(new File([blob], "noise.png", { type: "image/png" }));
              field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
            }
            """);
        var card = bo.Log.Locator(".card").Filter(new() { HasText = "noise.png" });
        await Expect(card).ToHaveAttributeAsync("data-state", "uploading");
        var kept = await PlacesAsync();
        Assert.Equal((240f, 180f), (kept.Picture.Width, kept.Picture.Height));
        await ann.Page.SendAtAsync(0);

        await Expect(card.Locator("img")).ToHaveJSPropertyAsync("complete", true);
        await Expect(card).ToHaveAttributeAsync("data-state", "ready");
        var there = await PlacesAsync();
        Assert.Equal((kept.Picture.X, kept.Picture.Y, 240f, 180f), (there.Picture.X, there.Picture.Y, there.Picture.Width, there.Picture.Height));
        Assert.Equal((kept.Card.Y, kept.Card.Height), (there.Card.Y, there.Card.Height));

        async Task<(LocatorBoundingBoxResult Card, LocatorBoundingBoxResult Picture)> PlacesAsync() =>
            ((await card.BoundingBoxAsync())!, (await card.Locator(".picture").BoundingBoxAsync())!);
    }

    [Fact]
    public async Task A_folder_that_is_picked_keeps_its_tree_on_the_card()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Tree");
        await ann.NewRoomAsync("Trees");
        foreach (var path in new[] { "trip/plan.txt", "trip/day 1/a.txt", "trip/day 1/b.txt", "trip/day 1/noon/c.txt", "trip/day 1/noon/late/d.txt" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(path))!);
            await File.WriteAllTextAsync(_folder.File(path), path, TestContext.Current.CancellationToken);
        }

        await ann.Page.GetByLabel("Attach a folder").SetInputFilesAsync(_folder.File("trip"));

        await Expect(ann.Log.Locator("a.download")).ToHaveCountAsync(5);
        var trip = ann.Log.Locator("details[data-part='trip']");
        await Expect(trip.Locator("a.download")).ToHaveCountAsync(5);
        await Expect(trip.Locator("details[data-part='trip/day 1'] > .card .file-name")).ToHaveTextAsync(["a.txt", "b.txt"]);
        // Each level stands further in than the one around it, and what lies in it further than its name.
        var steps = await trip.EvaluateAsync<float[]>(
            "trip => [...trip.querySelectorAll('bdi, .file-name')].filter(name => /^(day 1|noon|late|d.txt)$/.test(name.textContent.trim())).map(name => name.getBoundingClientRect().left)");
        Assert.Equal(4, steps.Length);
        Assert.Equal(steps.Distinct().Order(), steps);
        await trip.GetByText("day 1").ClickAsync();
        await Expect(ann.Download("b.txt")).ToBeHiddenAsync();
        await Expect(ann.Download("plan.txt")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Leaving_the_page_while_files_are_sent_is_asked_about()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Leaver");
        await ann.AttachAndHoldAsync(Text("waiting.txt"));
        await ann.NewRoomAsync("Leavers");
        var asked = new TaskCompletionSource<string>();
        ann.Page.Dialog += (_, dialog) =>
        {
            asked.TrySetResult(dialog.Type);
            _ = dialog.DismissAsync();
        };
        // For files that wait in another room, in this one, and for those that are on their way.
        await ann.Field.ClickAsync();
        await IsAskedAsync();
        await ann.Rooms.GetByText("Lobby").ClickAsync();
        await ann.Button("Remove waiting.txt").HoverAsync();
        await IsAskedAsync();
        await ann.Button("Remove waiting.txt").ClickAsync();
        // A page that was about to load itself anew, and stays because something else held it up, asks all the same.
        await ann.Page.EvaluateAsync(
            """
            () => {
              document.addEventListener("chatshare:reload", (event) => event.preventDefault(), { capture: true, once: true });
              document.dispatchEvent(new Event("chatshare:reload", { cancelable: true }));
            }
            """);
        await ann.Page.SendAtAsync(100_000);
        await ann.AttachAsync("long.bin", 20_000_000);
        await Expect(ann.Progress("long.bin")).ToBeVisibleAsync();
        await IsAskedAsync();
        await ann.Button("Cancel long.bin").ClickAsync();

        async Task IsAskedAsync()
        {
            asked = new TaskCompletionSource<string>();
            await ann.Page.CloseAsync(new() { RunBeforeUnload = true });
            Assert.Equal("beforeunload", await asked.Task.WaitAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task The_card_of_many_files_moves_as_one_and_what_is_folded_away_is_not_drawn()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Many");
        var bo = await fixture.OnlookerAsync();
        await ann.Page.SendAtAsync(400_000);
        await ann.AttachAsync([.. Enumerable.Range(1, 20).Select(i => new FilePayload { Name = $"{i:00}.bin", MimeType = "x/x", Buffer = new byte[300_000] })]);

        var group = bo.Log.GetByRole(AriaRole.Group, new() { Name = "20 files · 6.0 MB" });
        await Expect(group.GetByRole(AriaRole.Progressbar, new() { Name = "Uploading 20 files" })).ToHaveAttributeAsync("aria-valuenow", new System.Text.RegularExpressions.Regex("[1-9]"));
        await Expect(group.Locator(".card")).ToHaveCountAsync(12);
        await Expect(group.GetByText("of 20 here")).ToBeVisibleAsync();
        await group.GetByText("8 more files").ClickAsync();
        await Expect(group.Locator(".card")).ToHaveCountAsync(20);
        await Expect(bo.Progress("20.bin")).ToBeVisibleAsync();
        await ann.Page.SendAtAsync(0);

        await Expect(bo.Page.GetByRole(AriaRole.Link, new() { Name = "Download all 20 as zip" })).ToBeVisibleAsync();
        // It was folded open, and stays so.
        await Expect(bo.Download("20.bin")).ToBeVisibleAsync();
        await Expect(group.Locator(".file-name")).ToHaveTextAsync([.. Enumerable.Range(1, 20).Select(i => $"{i:00}.bin")]);
    }

    [Fact]
    public async Task A_large_pick_does_not_wait_as_a_chip()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Filmmaker");
        await ann.Page.SendAtAsync(1_000_000);
        await ann.AttachAsync("film.mp4", 64 * 1024 * 1024);

        Assert.True(await ann.Page.Locator(".chips").IsHiddenAsync());
        await Expect(ann.Progress("film.mp4")).ToBeVisibleAsync();
        await ann.Button("Cancel film.mp4").ClickAsync();
    }

    [Fact]
    public async Task Five_hundred_files_in_one_pick_arrive_while_others_go_on_talking()
    {
        var ann = await Person.JoinAsync(chromium, Server, "Bulk");
        await ann.NewRoomAsync("Bulk");
        var bo = await Person.JoinAsync(chromium, Server, "Talker", "/rooms/Bulk");
        await ann.SayAsync("ready?");
        await bo.SeesAsync("ready?");

        // What the head of the card says at any time: a card that grows by and by says what is soon wrong.
        await bo.Page.EvaluateAsync(
            """
            () => {
              window.titles = new Set();
              new MutationObserver(() => document.querySelectorAll(".group-title").forEach((title) => window.titles.add(title.textContent)))
                .observe(document.body, { childList: true, characterData: true, subtree: true });
            }
            """);
        // Their names alone would make a hub message that is too large.
        await ann.Page.EvaluateAsync(
            """
            () => {
              const files = new DataTransfer();
              for (let i = 1; i <= 500; i++) files.items.add(new File([`${i}`.padEnd(20000, "x")], `${"picture ".repeat(22)}${i}.txt`));
              const input = document.getElementById("attach-files");
              input.files = files.files;
              input.dispatchEvent(new Event("change", { bubbles: true }));
            }
            """);
        await Expect(bo.Log.Locator(".group")).ToHaveCountAsync(1);
        await bo.SayAsync("I can talk meanwhile");
        await ann.SeesAsync("I can talk meanwhile");

        // All of them are drawn when the last one is there.
        await Expect(bo.Log.Locator("a.download")).ToHaveCountAsync(500, new() { Timeout = 3 * (float)Make.PatienceForOne.TotalMilliseconds });
        await Expect(bo.Log.Locator(".message:has(.group)")).ToHaveCountAsync(1);
        var names = await bo.Log.Locator(".file-name").AllTextContentsAsync();
        Assert.Equal(Enumerable.Range(1, 500), names.Select(name => int.Parse(name.Split(' ')[^1].Split('.')[0], System.Globalization.CultureInfo.InvariantCulture)));
        // While one reads down the lines, their head stays in sight, below the day and not behind it.
        Assert.True(await bo.Log.EvaluateAsync<bool>(
            """
            (log) => {
              const group = log.querySelector(".group");
              group.querySelector("details").open = true;
              log.scrollTop += group.getBoundingClientRect().top - log.getBoundingClientRect().top + 150;
              const head = group.querySelector(".group-title").getBoundingClientRect();
              return document.elementFromPoint(head.left + 5, head.top + head.height / 2)?.closest(".group-head") !== null
                && head.top >= log.querySelector(".day").getBoundingClientRect().bottom;
            }
            """));
        Assert.Equal(["500 files · 10.0 MB"], await bo.Page.EvaluateAsync<string[]>("() => [...window.titles]"));
        await ann.SayAsync("the circuit lives");
        await bo.SeesAsync("the circuit lives");
    }

    private static FilePayload Text(string name) => new() { Name = name, MimeType = "text/plain", Buffer = System.Text.Encoding.UTF8.GetBytes(name) };
}
