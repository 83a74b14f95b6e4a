namespace ChatShare.Benchmarks;

/// <summary>Where the sources are that this program was built from.</summary>
internal static class Source
{
    /// <summary>The repository: ChatShare.Benchmarks/bin/Release/net10.0 is four below it.</summary>
    public static string Root { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Parent!.Parent!.Parent!.FullName;
}
