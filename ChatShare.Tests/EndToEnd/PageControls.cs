using System.Runtime.CompilerServices;
using Microsoft.Playwright;

namespace ChatShare.Tests.EndToEnd;

/// <summary>What the browser itself can do to a page: a slow line, files dragged in from the desktop.</summary>
internal static class PageControls
{
    private static readonly ConditionalWeakTable<IPage, Task<ICDPSession>> Lines = [];

    /// <summary>Nothing is sent faster than this from now on; 0 for as fast as it goes. What is on its way already keeps its pace.</summary>
    public static async Task SendAtAsync(this IPage page, int bytesPerSecond)
    {
        // One for each page: what one session has slowed down, another one cannot make fast again.
        var control = await Lines.GetValue(page, static page => page.Context.NewCDPSessionAsync(page));
        await control.SendAsync("Network.enable");
        await control.SendAsync("Network.emulateNetworkConditions", new Dictionary<string, object>
        {
            ["offline"] = false,
            ["latency"] = 0,
            ["downloadThroughput"] = -1,
            ["uploadThroughput"] = bytesPerSecond == 0 ? -1 : bytesPerSecond,
        });
    }

    /// <summary>Comes back to the page, which then asks the server what is under way; returns when it has been told.</summary>
    public static Task<IResponse> ComeBackAsync(this IPage page) =>
        page.ToldWhatIsUnderWayAsync(() => page.EvaluateAsync("() => document.dispatchEvent(new Event('visibilitychange'))"));

    /// <summary>Goes behind another tab, as the browser says it to the page, or in front again.</summary>
    public static Task HideAsync(this IPage page, bool hidden) => page.EvaluateAsync(
        "hidden => { Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden }); document.dispatchEvent(new Event('visibilitychange')); }",
        hidden);

    /// <summary>Returns when the page has asked the server what is under way because of something, and has been told.</summary>
    public static Task<IResponse> ToldWhatIsUnderWayAsync(this IPage page, Func<Task> because) => page.RunAndWaitForResponseAsync(
        because, response => response.Request.Method == "GET" && response.Url.EndsWith("/uploads", StringComparison.Ordinal));

    /// <summary>Drags files and folders of this machine over the middle of something.</summary>
    public static Task DragOverAsync(this IPage page, ILocator target, params string[] paths) => DragAsync(page, target, paths, "dragEnter", "dragOver");

    /// <summary>Lets them go there.</summary>
    public static Task DropAsync(this IPage page, ILocator target, params string[] paths) => DragAsync(page, target, paths, "dragEnter", "dragOver", "drop");

    /// <summary>A quick stroke of one finger from the middle of something, to the right when positive.</summary>
    public static async Task SwipeAsync(this IPage page, ILocator target, int pixels)
    {
        var box = await target.BoundingBoxAsync() ?? throw new InvalidOperationException("It is not on the page.");
        var control = await page.Context.NewCDPSessionAsync(page);
        foreach (var (type, x) in new[] { ("touchStart", 0), ("touchMove", pixels / 2), ("touchMove", pixels), ("touchEnd", 0) })
        {
            var point = new Dictionary<string, object> { ["x"] = box.X + (box.Width / 2) + x, ["y"] = box.Y + (box.Height / 2) };
            await control.SendAsync("Input.dispatchTouchEvent", new Dictionary<string, object>
            {
                ["type"] = type,
                ["touchPoints"] = type == "touchEnd" ? Array.Empty<object>() : new object[] { point },
            });
        }
    }

    private static async Task DragAsync(IPage page, ILocator target, string[] paths, params string[] steps)
    {
        var box = await target.BoundingBoxAsync() ?? throw new InvalidOperationException("It is not on the page.");
        var control = await page.Context.NewCDPSessionAsync(page);
        foreach (var step in steps)
        {
            await control.SendAsync("Input.dispatchDragEvent", new Dictionary<string, object>
            {
                ["type"] = step,
                ["x"] = box.X + (box.Width / 2),
                ["y"] = box.Y + (box.Height / 2),
                ["data"] = new Dictionary<string, object> { ["items"] = Array.Empty<object>(), ["files"] = paths, ["dragOperationsMask"] = 1 },
            });
        }
    }
}
