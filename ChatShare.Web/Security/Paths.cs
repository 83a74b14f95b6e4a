namespace ChatShare.Web.Security;

/// <summary>Addresses that programs call: they get a status, people get a page.</summary>
internal static class Paths
{
    public const string Circuit = "/_blazor";

    private static readonly string[] ForPrograms = ["/files", "/thumbnails", "/uploads", "/api", "/health", "/metrics", "/openapi", "/_framework", Circuit];

    private static readonly string[] OfLibraries = ["/metrics", "/openapi", "/scalar"];

    private static readonly string[] ForTokens = ["/api", "/files", "/uploads"];

    /// <summary>Where a token is good for as much as the cookie.</summary>
    public static bool IsForTokens(PathString path) => ForTokens.Any(prefix => path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>The programs' own door, where every answer is one that a program can read.</summary>
    public static bool IsApi(PathString path) => path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase);

    public static bool IsUploads(PathString path) => path.StartsWithSegments("/uploads", StringComparison.OrdinalIgnoreCase);

    /// <summary>What libraries answer, that know GET alone.</summary>
    public static bool IsOfLibraries(PathString path) => OfLibraries.Any(prefix => path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>What people share. Nothing behind it has answers of its own for those who may not ask.</summary>
    public static bool IsFiles(PathString path) => path.StartsWithSegments("/files", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether somebody follows a link to a file, or types its address: what goes wrong is told as a page, to programs as a problem.</summary>
    public static bool IsFileForPerson(HttpRequest request) =>
        IsFiles(request.Path) && HttpMethods.IsGet(request.Method) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);

    public static bool IsForPrograms(PathString path) => ForPrograms.Any(prefix => path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase));
}
