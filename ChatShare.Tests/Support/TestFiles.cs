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

    /// <summary>Where a file of that name can be written; each time another place.</summary>
    public static string NewPath(string name) => Path.Combine(Directory.CreateDirectory(Path.Combine(Folder.Value, Guid.NewGuid().ToString("N"))).FullName, name);
}
