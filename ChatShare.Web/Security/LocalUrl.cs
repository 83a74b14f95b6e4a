using System.Diagnostics.CodeAnalysis;

namespace ChatShare.Web.Security;

/// <summary>Addresses to return to: within this site or not at all.</summary>
internal static class LocalUrl
{
    /// <summary>Whether a browser takes it as a path of this very site.</summary>
    public static bool IsLocal([NotNullWhen(true)] string? url) =>
        url is ['/', ..]
        // "//host" and "/\host" are other sites; browsers drop tabs and line breaks before they look.
        && url is not ['/', '/' or '\\', ..]
        && !url.Any(char.IsControl);

    /// <summary>The address when it is local, else null.</summary>
    public static string? OrNull(string? url) => IsLocal(url) ? url : null;

    /// <summary><c>/signin?returnUrl=…</c>; without a query when there is nothing to return to.</summary>
    public static string WithReturn(string page, string? returnUrl) =>
        returnUrl is null or "/" ? page : $"{page}?returnUrl={Uri.EscapeDataString(returnUrl)}";
}
