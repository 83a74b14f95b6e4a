using System.Runtime.CompilerServices;

namespace ChatShare.Tests.Support;

/// <summary>The sources that these tests were built from, for the few tests that read them.</summary>
internal static class SourceTree
{
    /// <summary>A folder of the repository.</summary>
    public static string Folder(string name) => Path.GetFullPath(Path.Combine(Root(), name));

    private static string Root([CallerFilePath] string thisFile = "") => Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..");
}
