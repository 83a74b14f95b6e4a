using System.Globalization;
using ChatShare.Benchmarks;
using ChatShare.Benchmarks.Appending;
using ChatShare.Benchmarks.Clustering;
using ChatShare.Benchmarks.Downloading;
using ChatShare.Benchmarks.FanningOut;
using ChatShare.Benchmarks.Gateway;
using ChatShare.Benchmarks.Loading;
using ChatShare.Benchmarks.Sharing;
using ChatShare.Benchmarks.Soaking;
using ChatShare.Benchmarks.Stall;
using ChatShare.Benchmarks.Uploading;

// Below the benchmarks: how the program starts itself as another process; see FanningOut/ChildProcess.
return args switch
{
    ["log", .. var rest] => await LogBenchmark.RunAsync(new CommandLine(rest), CancellationToken.None),
    ["fanout", .. var rest] => await FanOutBenchmark.RunAsync(new CommandLine(rest), CancellationToken.None),
    ["upload", .. var rest] => await UploadBenchmark.RunAsync(new CommandLine(rest), CancellationToken.None),
    ["download", .. var rest] => await DownloadBenchmark.RunAsync(new CommandLine(rest), CancellationToken.None),
    ["load", .. var rest] => await LoadBenchmark.RunAsync(new CommandLine(rest), CancellationToken.None),
    ["gateway", .. var rest] => await GatewayBenchmark.RunAsync(new CommandLine(rest), CancellationToken.None),
    ["stall", .. var rest] => await StallBenchmark.RunAsync(new CommandLine(rest), CancellationToken.None),
    ["nodes", .. var rest] => await NodesBenchmark.RunAsync(new CommandLine(rest), CancellationToken.None),
    ["soak", .. var rest] => await SoakBenchmark.RunAsync(new CommandLine(rest), CancellationToken.None),
    [Generator.Mode, .. var rest] => await Generator.RunAsync(rest, CancellationToken.None),
    [Feeder.Mode, var server] => await Feeder.RunAsync(new Uri(server), CancellationToken.None),
    [Reader.Mode] => await Reader.RunAsync(CancellationToken.None),
    [BareUploadServer.Mode, var folder] => await BareUploadServer.RunAsync(folder, CancellationToken.None),
    [InputFileServer.Mode, var folder] => await InputFileServer.RunAsync(folder, CancellationToken.None),
    [DelayProxy.Mode, var port, var milliseconds] => await DelayProxy.RunAsync(
        int.Parse(port, CultureInfo.InvariantCulture), int.Parse(milliseconds, CultureInfo.InvariantCulture), CancellationToken.None),
    [BareLoop.Mode] => await BareLoop.RunAsync(CancellationToken.None),
    [HubServer.Mode, var folder] => await HubServer.RunAsync(folder, CancellationToken.None),
    [NaivePageServer.Mode, var folder] => await NaivePageServer.RunAsync(folder, NaiveFeed.Most, CancellationToken.None),
    [NaivePageServer.LeastMode, var folder] => await NaivePageServer.RunAsync(folder, 1, CancellationToken.None),
    [EmptyPageServer.Mode] => await EmptyPageServer.RunAsync(CancellationToken.None),
    _ => CommandLine.Help(),
};
