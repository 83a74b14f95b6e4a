using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

[Collection(FewTests.Name)]
public sealed class FilmTests(Chromium chromium, ServerFixture fixture)
{
    [Fact]
    public async Task A_film_is_seen_and_sought_in_the_viewer()
    {
        var ann = await Person.JoinAsync(chromium, fixture.Server, "Projectionist");
        await ann.NewRoomAsync("Cinema");
        await ann.AttachAsync(new FilePayload { Name = "film.webm", MimeType = "video/webm", Buffer = Convert.FromBase64String(await FilmAsync(ann.Page).WaitAsync(Make.PatienceForOne, TestContext.Current.CancellationToken)) });

        await ann.Button("Look at film.webm").ClickAsync();

        var film = ann.Page.Locator("dialog.viewer video");
        await Expect(film).ToHaveAttributeAsync("aria-label", "film.webm");
        var at = await film.EvaluateAsync<double[]>(
            """
            film => new Promise((resolve, reject) => {
              film.addEventListener("error", () => reject(new Error("It cannot be played.")));
              film.addEventListener("seeked", () => resolve([film.videoWidth, film.videoHeight, film.currentTime]), { once: true });
              const seek = () => (film.currentTime = 0.5);
              film.readyState > 0 ? seek() : film.addEventListener("loadedmetadata", seek);
            })
            """).WaitAsync(Make.PatienceForOne, TestContext.Current.CancellationToken);
        Assert.Equal([64, 48, 0.5], at);
    }

    /// <summary>A second of a square that changes its colour, made by the browser itself.</summary>
    private static Task<string> FilmAsync(IPage page) => page.EvaluateAsync<string>(
        """
        async () => {
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [64, 48];
          const context = canvas.getContext("2d");
          const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: "video/webm;codecs=vp8" });
          const parts = [];
          recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
          recorder.start();
          let hue = 0;
          const painter = setInterval(() => {
            context.fillStyle = `hsl(${(hue += 20)} 80% 50%)`;
            context.fillRect(0, 0, 64, 48);
          }, 50);
          await new Promise((resolve) => setTimeout(resolve, 1200));
          clearInterval(painter);
          await new Promise((resolve) => {
            recorder.addEventListener("stop", resolve);
            recorder.stop();
          });
          const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
          return btoa(String.fromCharCode(...bytes));
        }
        """);
}
