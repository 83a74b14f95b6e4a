using System.Globalization;

namespace ChatShare.Benchmarks.Circuits;

/// <summary>What the page's scripts would answer, so that its components go on.</summary>
internal static class Scripts
{
    private const int ObjectReference = 1;

    /// <param name="identifier">The function.</param>
    /// <param name="resultType">What the server expects: 1 for a reference to a JavaScript object.</param>
    /// <param name="newObject">Makes the id of a new object.</param>
    /// <returns>JSON.</returns>
    public static string Answer(string identifier, int resultType, Func<long> newObject) => identifier switch
    {
        _ when resultType == ObjectReference => string.Create(CultureInfo.InvariantCulture, $$"""{"__jsObjectId":{{newObject()}}}"""),
        "chatshare.chat.timeZone" => "\"UTC\"",
        "chatshareTheme.resolved" => "\"light\"",
        "window.hasOwnProperty" => "true",
        "mudpopoverHelper.countProviders" => "1",
        _ => "null",
    };
}
