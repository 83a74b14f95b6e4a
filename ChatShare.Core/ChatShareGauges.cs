using System.Diagnostics.Metrics;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ChatShare.Core;

/// <summary>How things stand, looked at when somebody collects: people, pages, transfers, disks. See <see cref="ChatShareMetrics"/>.</summary>
internal sealed class ChatShareGauges(
    ChatShareMetrics metrics, ConnectedUsers connected, UploadService uploads, ActiveDownloads downloads, IOptions<ChatShareOptions> options)
    : IHostedService
{
    /// <summary>Publishes them.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var meter = metrics.Meter;
        meter.CreateObservableUpDownCounter("chatshare.people", People, "{person}", "People who are connected, by door; who uses two counts at both.");
        meter.CreateObservableUpDownCounter("chatshare.circuits", Circuits, "{circuit}", "Open pages, by whether their connection is up.");
        meter.CreateObservableUpDownCounter("chatshare.uploads.active", () => uploads.Active.Count(), "{upload}", "Uploads that have begun and not ended, those that wait for their sender too.");
        meter.CreateObservableUpDownCounter("chatshare.uploads.receiving", () => uploads.Active.Count(upload => upload.IsReceiving), "{upload}", "Uploads that take bytes at this moment.");
        meter.CreateObservableUpDownCounter("chatshare.downloads.active", () => downloads.Running.Count(), "{download}", "Files that are being sent.");
        meter.CreateObservableGauge("chatshare.disk.free", () => Disks(drive => drive.AvailableFreeSpace), "By", "Free bytes where a folder lies.");
        meter.CreateObservableGauge("chatshare.disk.size", () => Disks(drive => drive.TotalSize), "By", "All bytes where a folder lies.");
        meter.CreateObservableGauge("chatshare.ready", () => metrics.IsReady ? 1 : 0, unit: null, "1 while /health/ready answers 200, looked at some seconds ago.");
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<Measurement<long>> People()
    {
        var here = connected.List().CountBy(user => user.Door).ToDictionary();
        return Enum.GetValues<Door>().Select(door => new Measurement<long>(here.GetValueOrDefault(door), Tag("chatshare.door", door.ToString())));
    }

    private Measurement<long>[] Circuits()
    {
        var (up, down) = connected.CountOf(Door.Browser);
        return [new(up, Tag("chatshare.circuit.state", "Connected")), new(down, Tag("chatshare.circuit.state", "Away"))];
    }

    private IEnumerable<Measurement<long>> Disks(Func<DriveInfo, long> look)
    {
        foreach (var (name, folder) in new[] { ("data", options.Value.DataDirectory), ("downloads", options.Value.Downloads.Directory) })
        {
            long bytes;
            try
            {
                bytes = look(new DriveInfo(folder));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A share that does not answer: no figure is better than a wrong one.
                continue;
            }

            yield return new Measurement<long>(bytes, Tag("chatshare.folder", name));
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
