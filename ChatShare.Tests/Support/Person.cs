using System.Net;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.Support;

/// <summary>Somebody in front of a browser. Everything is found by the names that people and screen readers find it by.</summary>
public sealed class Person(IPage page)
{
    // The names that the page promises find one thing each, also where a part of a name is enough.
    private static readonly string[] Promised = ["Join", "Leave", "New room", "Send"];

    /// <summary>Their page.</summary>
    public IPage Page => page;

    public ILocator Log => page.GetByRole(AriaRole.Log, new() { Name = "Messages" });

    public ILocator Field => page.GetByRole(AriaRole.Textbox, new() { Name = "Message" });

    public ILocator Rooms => page.GetByRole(AriaRole.List, new() { Name = "Rooms" });

    public ILocator People => page.GetByRole(AriaRole.List, new() { Name = "People" });

    /// <summary>
    /// Somebody who has joined and is in a room. The join page's form is sent without drawing the page, which would be a quarter of the
    /// work; <see cref="JoinAsync(string)"/> fills it as people do.
    /// </summary>
    public static async Task<Person> JoinAsync(
        Chromium chromium, ServerProcess server, string nickname, string address = "/", Action<BrowserNewContextOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(chromium);
        return await JoinAsync(await chromium.OpenAsync(server, configure), server, nickname, address);
    }

    /// <summary>The same at a server that is known by its address.</summary>
    public static async Task<Person> JoinAsync(Chromium chromium, string server, string nickname)
    {
        ArgumentNullException.ThrowIfNull(chromium);
        return await JoinAsync(await chromium.OpenAsync(server), server, nickname, "/");
    }

    /// <summary>The same on a page that is there.</summary>
    public static Task<Person> JoinAsync(IPage page, ServerProcess server, string nickname, string address = "/")
    {
        ArgumentNullException.ThrowIfNull(server);
        return JoinAsync(page, server.Address, nickname, address);
    }

    private static async Task<Person> JoinAsync(IPage page, string server, string nickname, string address)
    {
        var person = new Person(page);
        var requests = person.Page.APIRequest;
        var shown = await requests.GetAsync(server);
        var form = requests.CreateFormData();
        form.Set("_handler", "join");
        form.Set("__RequestVerificationToken", RunningApp.TokenIn(await shown.TextAsync()));
        form.Set("Nickname", nickname);
        var joined = await requests.PostAsync(server, new() { Form = form, MaxRedirects = 0, Headers = [new("Origin", server)] });
        Assert.Equal((int)HttpStatusCode.Found, joined.Status);
        await person.Page.GotoAsync(address);
        await person.InRoomAsync();
        return person;
    }

    /// <summary>Fills the join page that is open.</summary>
    public async Task JoinAsync(string nickname)
    {
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Nickname" }).FillAsync(nickname);
        await Button("Join").ClickAsync();
        await InRoomAsync();
    }

    /// <summary>Waits until the room can be used.</summary>
    public Task InRoomAsync() => Expect(page.Locator("main.room[data-ready]")).ToBeVisibleAsync();

    /// <summary>Makes a room by the dialog and is in it.</summary>
    public async Task NewRoomAsync(string name, string topic = "")
    {
        await Button("New room").ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog, new() { Name = "New room" });
        await dialog.GetByRole(AriaRole.Textbox, new() { Name = "Room name" }).FillAsync(name);
        await dialog.GetByRole(AriaRole.Textbox, new() { Name = "Topic" }).FillAsync(topic);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = name })).ToBeVisibleAsync();
        await InRoomAsync();
    }

    /// <summary>Types and presses Enter.</summary>
    public async Task SayAsync(string text)
    {
        await Field.FillAsync(text);
        await Field.PressAsync("Enter");
    }

    /// <summary>Sends many messages by the composer, without a round trip for each; returns when the last one is settled.</summary>
    public async Task SayAllAsync(IReadOnlyList<string> texts)
    {
        await SayAtOnceAsync(texts);
        await SeesAsync(texts[^1]);
    }

    /// <summary>The same without waiting.</summary>
    public Task SayAtOnceAsync(IReadOnlyList<string> texts) =>
        Field.EvaluateAsync(
            """
            (field, texts) => {
              for (const text of texts) {
                field.value = text;
                field.dispatchEvent(new InputEvent("input", { bubbles: true }));
                field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
              }
            }
            """,
            texts);

    /// <summary>Waits until a message with this text is in the log, settled, once.</summary>
    public async Task SeesAsync(string text)
    {
        try
        {
            await Expect(Log.Locator(".message[id] .text").Filter(new() { HasTextString = text })).ToHaveCountAsync(1);
        }
        catch (PlaywrightException missing)
        {
            // Why it is not there is often said by the page.
            throw new PlaywrightException($"{missing.Message}\nThe page of {page.Url}:\n{await page.Locator("body").AriaSnapshotAsync()}", missing);
        }
    }

    /// <summary>The texts of the settled messages, in order.</summary>
    public Task<IReadOnlyList<string>> TextsAsync() => Log.Locator(".message[id] .text").AllInnerTextsAsync();

    /// <summary>
    /// From the next page on a script that its components call answers late, as over a slow line: <c>chat.start</c> for one. The page's
    /// <c>isHeld</c> says that it was called.
    /// </summary>
    /// <returns>Lets it go on, in the page that is open.</returns>
    public async Task<Func<Task>> HoldScriptAsync(string script)
    {
        await page.AddInitScriptAsync(
            $$"""
            const late = new Promise((resolve) => (window.letGo = resolve));
            Object.defineProperty(window, "chatshare", {
              configurable: true,
              set(scripts) {
                const [part, name] = "{{script}}".split(".");
                const held = async (...given) => {
                  window.isHeld = true;
                  await late;
                  return scripts[part][name](...given);
                };
                Object.defineProperty(window, "chatshare", { value: { ...scripts, [part]: { ...scripts[part], [name]: held } } });
              },
            });
            """);
        return () => page.EvaluateAsync("() => letGo()");
    }

    /// <summary>
    /// Waits until the panel of transfers says this, heard by the page itself: some of it stands there for six seconds, in which a busy machine
    /// may not look. Called before what makes it say so.
    /// </summary>
    public Task PanelSaysAsync(string text) =>
        page.EvaluateAsync(
            """
            (text) => new Promise((resolve) => {
              const title = document.querySelector(".transfers-toggle > .transfers-title");
              const look = () => title.textContent.includes(text) && resolve();
              new MutationObserver(look).observe(title, { childList: true });
              look();
            })
            """,
            text).WaitAsync(Make.PatienceForOne);

    /// <summary>Picks files in the composer.</summary>
    public Task AttachAsync(params FilePayload[] files) => page.GetByLabel("Attach files").SetInputFilesAsync(files);

    /// <summary>
    /// Picks files, and holds them once they stand there: the moment after which they go by themselves may pass while a busy machine looks for
    /// the button.
    /// </summary>
    public async Task AttachAndHoldAsync(params FilePayload[] files)
    {
        await page.EvaluateAsync(
            """
            () => {
              const chips = document.querySelector(".chips");
              new MutationObserver((_, observer) => {
                const hold = [...chips.querySelectorAll("button")].find((button) => button.textContent === "Hold" && button.checkVisibility());
                if (hold) {
                  observer.disconnect();
                  hold.click();
                }
              }).observe(chips, { attributes: true, childList: true, subtree: true });
            }
            """);
        await AttachAsync(files);
        await Expect(page.Locator(".chips").GetByRole(AriaRole.Status)).ToContainTextAsync("Send shares");
    }

    public Task AttachAsync(string path) => page.GetByLabel("Attach files").SetInputFilesAsync(path);

    /// <summary>Picks files of zeros that are too large to be handed to the browser by value.</summary>
    public async Task AttachAsync(params (string Name, long Length)[] files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var paths = files.Select(file => TestFiles.NewPath(file.Name)).ToList();
        foreach (var (path, (_, length)) in paths.Zip(files))
        {
            await using var file = File.Create(path);
            file.SetLength(length);
        }

        await page.GetByLabel("Attach files").SetInputFilesAsync(paths);
    }

    public Task AttachAsync(string name, long length) => AttachAsync((name, length));

    public ILocator Button(string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = !Promised.Contains(name) });

    public ILocator Download(string file) => page.GetByRole(AriaRole.Link, new() { Name = $"Download {file}", Exact = true });

    public ILocator Progress(string file) => page.GetByRole(AriaRole.Progressbar, new() { Name = $"Uploading {file}", Exact = true });
}
