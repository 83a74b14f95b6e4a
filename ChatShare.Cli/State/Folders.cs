namespace ChatShare.Cli.State;

/// <summary>Where the program keeps what outlives it.</summary>
/// <param name="Config">The saved sign-ins: for the eyes of this user alone.</param>
/// <param name="State">What is needed to go on with broken uploads.</param>
internal sealed record Folders(string Config, string State)
{
    /// <summary>The mode of each: nobody else looks in.</summary>
    public const UnixFileMode Mine = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const string Name = "chatshare";

    /// <summary>The XDG base directories; on Windows the user's local application data.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    public static Folders Of(Func<string, string?> variable)
    {
        if (OperatingSystem.IsWindows())
        {
            var local = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), Name);
            return new(local, Path.Combine(local, "state"));
        }

        var home = variable("HOME") is { } named && Path.IsPathRooted(named) ? named : HomeOfUser();
        return new(Base("XDG_CONFIG_HOME", ".config"), Base("XDG_STATE_HOME", Path.Combine(".local", "state")));

        // A relative path is to be ignored (XDG Base Directory Specification).
        string Base(string name, string otherwise) =>
            Path.Combine(variable(name) is { } path && Path.IsPathRooted(path) ? path : Path.Combine(home, otherwise), Name);
    }

    /// <summary>As the machine knows it, with HOME missing or worth nothing: a token must not come to lie where somebody happens to stand.</summary>
    private static string HomeOfUser()
    {
        // The framework believes a relative one.
        Environment.SetEnvironmentVariable("HOME", null);
        return Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
    }

    /// <summary>Makes one of them, for this user alone.</summary>
    public static void Make(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        Directory.CreateDirectory(folder, Mine);
        if (File.GetUnixFileMode(folder) != Mine)
            File.SetUnixFileMode(folder, Mine);
    }
}
