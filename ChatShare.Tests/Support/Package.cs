namespace ChatShare.Tests.Support;

/// <summary>What deploy/package makes, once for all tests: it takes minutes.</summary>
internal static class Package
{
    private static readonly Lazy<Task<(string Archive, string Debian)>> Making = new(async () =>
    {
        var made = (await Command.RequireAsync(SourceTree.Folder("deploy/package"))).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return (SourceTree.Folder(made[^2]), SourceTree.Folder(made[^1]));
    });

    /// <returns>The paths of the archive and of the Debian package.</returns>
    public static Task<(string Archive, string Debian)> MadeAsync()
    {
        Assert.SkipUnless(Make.IsLong, "Publishing takes minutes; runs in the long form.");
        Assert.SkipUnless(File.Exists("/usr/bin/dpkg-deb"), "dpkg-deb is not installed.");
        return Making.Value;
    }
}
