using ChatShare.Benchmarks;
using ChatShare.Benchmarks.Appending;
using ChatShare.Benchmarks.FanningOut;

// The last two are how the program starts itself as another process; see FanningOut/ChildProcess.
return args switch
{
    ["log", .. var rest] => await LogBenchmark.RunAsync(new CommandLine(rest), CancellationToken.None),
    ["fanout", .. var rest] => await FanOutBenchmark.RunAsync(new CommandLine(rest), CancellationToken.None),
    [Generator.Mode, .. var rest] => await Generator.RunAsync(rest, CancellationToken.None),
    [EmptyPageServer.Mode] => await EmptyPageServer.RunAsync(CancellationToken.None),
    _ => CommandLine.Help(),
};
