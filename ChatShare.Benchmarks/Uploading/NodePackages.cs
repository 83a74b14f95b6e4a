using System.Diagnostics;

namespace ChatShare.Benchmarks.Uploading;

/// <summary>Programs that others wrote, pinned; in <c>artifacts/node</c>, where the tests look for theirs as well.</summary>
/// <param name="nodeNeeded">What those of this version ask for.</param>
/// <param name="wanted">With their versions; what is told of them names the first.</param>
internal sealed class NodePackages(Version nodeNeeded, params string[] wanted)
{
    public static readonly NodePackages Tus = new(new Version(20, 19, 0), "@tus/server@2.4.5", "@tus/file-store@2.1.1", "tus-js-client@4.3.1");

    public static readonly NodePackages Lighthouse = new(new Version(18, 16, 0), "lighthouse@12.8.2");

    private static string Root => Path.Combine(Source.Root, "artifacts", "node");

    public static string Folder => Path.Combine(Root, "node_modules");

    /// <param name="mayInstall">Whether npm may be asked for what is missing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Why they cannot be used; null when they can.</returns>
    public async Task<string?> FaultAsync(bool mayInstall, CancellationToken cancellationToken)
    {
        if (await RunAsync("node", ["--version"], cancellationToken) is not (0, var said) || !Version.TryParse(said.Trim().TrimStart('v'), out var version))
            return "Node is not installed";
        if (version < nodeNeeded)
            return $"Node is {version}; {wanted[0]} asks for {nodeNeeded}";
        if (IsThere())
            return null;
        if (!mayInstall)
            return $"{wanted[0]} is not installed; --install fetches it by npm";
        Directory.CreateDirectory(Root);
        var (code, _) = await RunAsync("npm", ["install", "--silent", "--no-fund", "--no-audit", "--prefix", Root, .. wanted], cancellationToken);
        return code == 0 && IsThere() ? null : $"npm could not install {wanted[0]}";
    }

    private bool IsThere() => wanted.All(package => Directory.Exists(Path.Combine(Folder, package[..package.LastIndexOf('@')])));

    private static async Task<(int Code, string Output)> RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, output);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no such program.
            return (-1, "");
        }
    }
}
