using ChatShare.Tests.Reliability;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace ChatShare.Tests;

/// <summary>
/// Runs the tests, or is the server that the crash tests kill: the same program, so that there is nothing else to build
/// and to find. The rest is what xunit generates.
/// </summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (args is [CrashChild.Switch, var folder])
            return await CrashChild.RunAsync(folder);
        return args.Any(arg => arg is "-automated" or "@@")
            ? await ConsoleRunner.Run(args)
            : await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
    }
}
