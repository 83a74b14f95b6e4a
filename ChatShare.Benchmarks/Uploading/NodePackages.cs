using System.Diagnostics;

namespace ChatShare.Benchmarks.Uploading;

/// <summary>The tus server and client that others wrote, pinned; in <c>artifacts/node</c>, where the tests look for the client as well.</summary>
internal static class NodePackages
{
    private static readonly string[] Wanted = ["@tus/server@2.4.5", "@tus/file-store@2.1.1", "tus-js-client@4.3.1"];

    // What those of this version ask for.
    private static readonly Version NodeNeeded = new(20, 19, 0);

    private static string Root => Path.Combine(Source.Root, "artifacts", "node");

    public static string Folder => Path.Combine(Root, "node_modules");

    /// <param name="mayInstall">Whether npm may be asked for what is missing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Why they cannot be used; null when they can.</returns>
    public static async Task<string?> FaultAsync(bool mayInstall, CancellationToken cancellationToken)
    {
        if (await RunAsync("node", ["--version"], cancellationToken) is not (0, var said) || !Version.TryParse(said.Trim().TrimStart('v'), out var version))
            return "Node is not installed";
        if (version < NodeNeeded)
            return $"Node is {version}; @tus/server asks for {NodeNeeded}";
        if (IsThere())
            return null;
        if (!mayInstall)
            return "@tus/server is not installed; --install fetches it by npm";
        Directory.CreateDirectory(Root);
        var (code, _) = await RunAsync("npm", ["install", "--silent", "--no-fund", "--no-audit", "--prefix", Root, .. Wanted], cancellationToken);
        return code == 0 && IsThere() ? null : "npm could not install @tus/server";
    }

    private static bool IsThere() => Wanted.All(wanted => Directory.Exists(Path.Combine(Folder, wanted[..wanted.LastIndexOf('@')])));

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
