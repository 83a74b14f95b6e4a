using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using Microsoft.Extensions.Options;
using Microsoft.Win32.SafeHandles;

namespace ChatShare.Web.Gateway;

/// <summary>The files that are sent to clients without being asked for. A singleton.</summary>
internal sealed class GatewayFiles(
    FileDirectory directory, ActiveDownloads downloads, WhoHasIt whoHasIt, IOptions<ChatShareOptions> options, GatewayPace pace, TimeProvider time)
{
    /// <summary>Larger ones are announced only.</summary>
    public long PushLimitBytes => options.Value.Gateway.PushLimitBytes;

    /// <summary>Null when it is not there any more.</summary>
    /// <exception cref="RefusedException">The session has ended.</exception>
    public async Task<SafeFileHandle?> OpenAsync(SharedFile file, PersonSession who, CancellationToken cancellationToken)
    {
        if (await directory.FindAsync(file.Id, who, cancellationToken) is not { } stored)
            return null;
        try
        {
            return File.OpenHandle(stored.Path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // Deleted between the look and the opening.
            return null;
        }
    }

    /// <summary>Counts what is sent, for the administrator's eyes.</summary>
    public Download Begin(SharedFile file, PersonSession who, CancellationToken readerGone) =>
        downloads.Begin(file, who, Door.Tcp, file.Length, isShown: false, readerGone);

    /// <summary>The client has it.</summary>
    public Task TookAsync(SharedFile file, PersonSession who) => whoHasIt.TookAsync([file.Id], who);

    /// <summary>Returns when a client listens for the bytes: it has said so, or is of the kind that says nothing.</summary>
    public async Task ListensAsync(Task answer, bool hasAnsweredBefore, CancellationToken cancellationToken)
    {
        try
        {
            await answer.WaitAsync(hasAnsweredBefore ? pace.KnownReady : pace.Ready, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return;
        }
    }
}
