using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using MudBlazor;

namespace ChatShare.Web.Components.Layout;

/// <summary>
/// <see cref="ChatShareTheme"/> as a style sheet for both modes, made once. MudBlazor's own provider would make it anew in every circuit and
/// keep it there: 26 KB of text, twice, of the 280 KB that a page may have.
/// </summary>
internal sealed partial class ThemeSheet(IServiceScopeFactory scopes, ILoggerFactory loggers)
{
    // As theme.js marks the document.
    private static readonly (bool IsDark, string Scope)[] Modes = [(false, ":root"), (true, ":root[data-theme=\"dark\"]")];

    private readonly Lazy<Task<PackedText>> _sheet = new(() => MakeAsync(scopes, loggers));

    /// <summary>Where pages find it. It has the build in it, so that browsers may keep what they got for good.</summary>
    public static readonly string Address = $"/theme-{typeof(ThemeSheet).Module.ModuleVersionId:N}.css";

    /// <summary>The text.</summary>
    /// <param name="cancellationToken">Waits no longer; it is made all the same, for whoever asks next.</param>
    public Task<PackedText> GetAsync(CancellationToken cancellationToken) => _sheet.Value.WaitAsync(cancellationToken);

    private static async Task<PackedText> MakeAsync(IServiceScopeFactory scopes, ILoggerFactory loggers)
    {
        await using var scope = scopes.CreateAsyncScope();
        await using var renderer = new HtmlRenderer(scope.ServiceProvider, loggers);
        var text = new StringBuilder();
        foreach (var (isDark, within) in Modes)
        {
            var parameters = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                [nameof(MudThemeProvider.Theme)] = ChatShareTheme.Make(within),
                [nameof(MudThemeProvider.IsDarkMode)] = isDark,
                // Its own scroll bars are of one mode; ours are in tokens.css.
                [nameof(MudThemeProvider.DefaultScrollbar)] = true,
            };
            var html = await renderer.Dispatcher.InvokeAsync(async () =>
                (await renderer.RenderComponentAsync<MudThemeProvider>(ParameterView.FromDictionary(parameters))).ToHtmlString());
            foreach (Match style in Style().Matches(html))
                text.Append(style.Groups["css"].Value);
        }

        return PackedText.Of(text.ToString());
    }

    [GeneratedRegex("<style[^>]*>(?<css>[^<]*)</style>", RegexOptions.None, 1000)]
    private static partial Regex Style();
}
