using MudBlazor;

namespace ChatShare.Web.Components.Layout;

/// <summary>
/// The look of MudBlazor's parts (dialogs, menus, notices). The same values stand as CSS variables in
/// <c>wwwroot/css/tokens.css</c> for everything that is plain markup; who changes one changes the other.
/// </summary>
internal static class ChatShareTheme
{
    private static readonly string[] SystemFonts =
    [
        "system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Helvetica Neue", "Arial", "sans-serif",
        "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji",
    ];

    /// <summary>The one theme, light and dark.</summary>
    /// <param name="scope">The CSS selector under which its variables stand.</param>
    public static MudTheme Make(string scope) => new()
    {
        PaletteLight = Light(),
        PaletteDark = Dark(),
        Typography = Type(),
        LayoutProperties = new LayoutProperties { DefaultBorderRadius = "6px" },
        PseudoCss = new PseudoCss { Scope = scope },
    };

    private static PaletteLight Light() => new()
    {
        Black = "#1A1F26",
        Background = "#F6F7F9",
        BackgroundGray = "#F1F3F6",
        Surface = "#FFFFFF",
        DrawerBackground = "#F6F7F9",
        DrawerText = "#1A1F26",
        DrawerIcon = "#59636E",
        AppbarBackground = "#FFFFFF",
        AppbarText = "#1A1F26",
        TextPrimary = "#1A1F26",
        TextSecondary = "#59636E",
        ActionDefault = "#59636E",
        Primary = "#0A66C2",
        PrimaryContrastText = "#FFFFFF",
        // One accent: what asks for a second or third colour gets the text's or the first.
        Secondary = "#59636E",
        SecondaryContrastText = "#FFFFFF",
        Tertiary = "#0A66C2",
        TertiaryContrastText = "#FFFFFF",
        Info = "#0A66C2",
        InfoContrastText = "#FFFFFF",
        Success = "#1A7F37",
        SuccessContrastText = "#FFFFFF",
        Warning = "#8F5F00",
        WarningContrastText = "#FFFFFF",
        Error = "#C4271F",
        ErrorContrastText = "#FFFFFF",
        Dark = "#1A1F26",
        DarkContrastText = "#FFFFFF",
        LinesDefault = "#DDE2E8",
        LinesInputs = "#838D98",
        TableLines = "#DDE2E8",
        TableHover = "#F1F3F6",
        TableStriped = "#F6F7F9",
        Divider = "#DDE2E8",
        DividerLight = "#DDE2E8",
        Skeleton = "#DDE2E8",
    };

    private static PaletteDark Dark() => new()
    {
        Black = "#0E1318",
        Background = "#0E1318",
        BackgroundGray = "#151B22",
        // MudBlazor draws dialogs and menus with this one, so it is the raised colour; panes are plain markup.
        Surface = "#1C242D",
        DrawerBackground = "#151B22",
        DrawerText = "#E7ECF2",
        DrawerIcon = "#9CA8B5",
        AppbarBackground = "#151B22",
        AppbarText = "#E7ECF2",
        TextPrimary = "#E7ECF2",
        TextSecondary = "#9CA8B5",
        ActionDefault = "#9CA8B5",
        Primary = "#6CB2FF",
        PrimaryContrastText = "#0E1318",
        Secondary = "#9CA8B5",
        SecondaryContrastText = "#0E1318",
        Tertiary = "#6CB2FF",
        TertiaryContrastText = "#0E1318",
        Info = "#6CB2FF",
        InfoContrastText = "#0E1318",
        Success = "#56C97A",
        SuccessContrastText = "#0E1318",
        Warning = "#E5B454",
        WarningContrastText = "#0E1318",
        Error = "#FF7B72",
        ErrorContrastText = "#0E1318",
        Dark = "#2A343F",
        DarkContrastText = "#E7ECF2",
        LinesDefault = "#2A343F",
        LinesInputs = "#6B7886",
        TableLines = "#2A343F",
        TableHover = "#1B232C",
        TableStriped = "#151B22",
        Divider = "#2A343F",
        DividerLight = "#2A343F",
        Skeleton = "#2A343F",
    };

    private static Typography Type()
    {
        return new Typography
        {
            Default = Set(new DefaultTypography(), 15, 22, 400),
            H1 = Set(new H1Typography(), 22, 28, 600),
            H2 = Set(new H2Typography(), 22, 28, 600),
            H3 = Set(new H3Typography(), 17, 24, 600),
            H4 = Set(new H4Typography(), 17, 24, 600),
            H5 = Set(new H5Typography(), 17, 24, 600),
            H6 = Set(new H6Typography(), 17, 24, 600),
            Subtitle1 = Set(new Subtitle1Typography(), 15, 22, 600),
            Subtitle2 = Set(new Subtitle2Typography(), 13, 18, 600),
            Body1 = Set(new Body1Typography(), 15, 22, 400),
            Body2 = Set(new Body2Typography(), 13, 18, 400),
            Button = Set(new ButtonTypography(), 15, 22, 600),
            Caption = Set(new CaptionTypography(), 13, 18, 400),
            Overline = Set(new OverlineTypography(), 12, 18, 600),
        };

        static T Set<T>(T type, int pixels, int line, int weight)
            where T : BaseTypography
        {
            type.FontFamily = SystemFonts;
            type.FontSize = FormattableString.Invariant($"{pixels / 16m:0.####}rem");
            type.LineHeight = FormattableString.Invariant($"{line / (decimal)pixels:0.####}");
            type.FontWeight = FormattableString.Invariant($"{weight}");
            type.LetterSpacing = "normal";
            // Words as they are written; MudBlazor's own default shouts on buttons.
            type.TextTransform = "none";
            return type;
        }
    }
}
