using ChatShare.Benchmarks.FanningOut;
using ChatShare.Benchmarks.Sharing;
using Microsoft.Playwright;

namespace ChatShare.Benchmarks.Uploading;

/// <summary>From the pick in a real browser until the file is durable and the page says so: the chat, a bare endpoint, stock <c>InputFile</c>.</summary>
internal static class BrowserUploads
{
    private const double OfBareToReach = 0.9;
    private const double TimesStockToReach = 15;
    private const double TimesStockFarToReach = 40;
    private const int OneWayMilliseconds = 50;

    /// <param name="isFar">Through a line of 100 ms there and back; the bare endpoint is left out.</param>
    /// <param name="size">MiB of the chat's and the bare endpoint's file.</param>
    /// <param name="stockSize">MiB of the stock page's.</param>
    /// <param name="rounds">Counted.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False when the figures mean nothing.</returns>
    public static async Task<bool> RunAsync(bool isFar, int size, int stockSize, int rounds, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using var chat = await MeasuredServer.StartChatAsync(folder, cancellationToken);
        await using var bare = await MeasuredServer.StartOwnAsync(BareUploadServer.Mode, folder.Sub("bare"), cancellationToken);
        await using var stock = await MeasuredServer.StartOwnAsync(InputFileServer.Mode, folder.Sub("stock"), cancellationToken);
        await using var chatLine = isFar ? Delay(chat.Address) : null;
        await using var stockLine = isFar ? Delay(stock.Address) : null;
        await using var browser = await RealBrowser.StartAsync();

        var chatPage = await browser.JoinAsync(await ThroughAsync(chatLine, chat.Address, cancellationToken), "Ann");
        var barePage = await browser.OpenAsync(bare.Address);
        var stockPage = await browser.OpenAsync(await ThroughAsync(stockLine, stock.Address, cancellationToken));
        await stockPage.Locator("[data-live]").WaitForAsync(new() { State = WaitForSelectorState.Attached });

        var chatSide = new Side(
            "ChatShare", size, () => chat.Process.CpuSeconds,
            (file, _) => RealBrowser.PickAsync(chatPage, chatPage.GetByLabel("Attach files"), file, $"a[aria-label='Download {file.Name}']"),
            file => folder.File(Path.Combine("downloads", "files", file.Sha256[..2], file.Sha256)));
        var bareSide = new Side(
            "bare PUT", size, () => bare.Process.CpuSeconds,
            (file, _) => RealBrowser.PickAsync(barePage, barePage.Locator("input"), file, $"[data-done='{file.Name}']"),
            file => folder.File(Path.Combine("bare", file.Name)));
        var stockSide = new Side(
            "stock InputFile", stockSize, () => stock.Process.CpuSeconds,
            (file, _) => RealBrowser.PickAsync(stockPage, stockPage.Locator("input"), file, $"[data-done='{file.Name}']"),
            file => folder.File(Path.Combine("stock", file.Name)));

        var others = new OtherProcesses();
        var race = new Race(isFar ? "100 ms there and back" : "loopback", isFar ? [chatSide, stockSide] : [chatSide, bareSide, stockSide], others);
        await race.RunAsync(rounds, (mebibytes, token) => Payload.MakeToWriteAsync(folder, mebibytes, token), cancellationToken);
        race.Print();
        if (!isFar)
            Race.Verdict("of the bare endpoint", race.RatioTo(bareSide), OfBareToReach);
        Race.Verdict("times stock InputFile", race.RatioTo(stockSide), isFar ? TimesStockFarToReach : TimesStockToReach);
        return others.Print();
    }

    private static ChildProcess Delay(Uri server) =>
        ChildProcess.StartSelf([DelayProxy.Mode, $"{server.Port}", $"{OneWayMilliseconds}"], new Dictionary<string, string>());

    private static async Task<Uri> ThroughAsync(ChildProcess? line, Uri server, CancellationToken cancellationToken) =>
        line is null ? server : await line.ListeningAtAsync(cancellationToken);
}
