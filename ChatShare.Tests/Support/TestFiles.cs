using ChatShare.Core.Files;

namespace ChatShare.Tests.Support;

/// <summary>Files that browsers pick, in one folder for the whole run; it goes when the run ends.</summary>
internal static class TestFiles
{
    private static readonly Lazy<string> Folder = new(() =>
    {
        var folder = Directory.CreateTempSubdirectory("chatshare-files-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    });

    /// <summary>The partial files of a downloads folder, without the one by which the server looks whether it can write there.</summary>
    public static IReadOnlyList<string> PartialIn(string downloads) =>
        [.. Directory.EnumerateFiles(Path.Combine(downloads, "partial")).Where(path => Path.GetFileName(path) != DownloadStore.ProbeName)];

    /// <summary>Everything in a downloads folder that people have shared, whole or in part: not its own word, and not what shows that it can be written to.</summary>
    public static IReadOnlyList<string> SharedIn(string downloads) =>
        [.. Directory.EnumerateFiles(downloads, "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(path) is not ("identity" or DownloadStore.ProbeName))];

    /// <summary>Where a file of that name can be written; each time another place.</summary>
    public static string NewPath(string name) => Path.Combine(Directory.CreateDirectory(Path.Combine(Folder.Value, Guid.NewGuid().ToString("N"))).FullName, name);
}
