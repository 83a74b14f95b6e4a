using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace ChatShare.Core.People;

/// <summary>How fast one person may send, make rooms and begin uploads, through all doors together.</summary>
internal sealed class PersonLimits(IOptions<ChatShareOptions> options, ChatShareMetrics metrics) : IDisposable
{
    private const int LooksPerMinute = 120;

    private readonly PartitionedRateLimiter<Guid> _messages =
        RateBucket.Create(options.Value.Limits.MessagesPerSecond * 2, options.Value.Limits.MessagesPerSecond, TimeSpan.FromSeconds(1));

    private readonly PartitionedRateLimiter<Guid> _rooms =
        RateBucket.Create(options.Value.Limits.RoomsPerHour, options.Value.Limits.RoomsPerHour, TimeSpan.FromHours(1));

    private readonly PartitionedRateLimiter<Guid> _uploads =
        RateBucket.Create(options.Value.Limits.UploadsPerMinute, options.Value.Limits.UploadsPerMinute, TimeSpan.FromMinutes(1));

    private readonly PartitionedRateLimiter<Guid> _looks = RateBucket.Create(LooksPerMinute, LooksPerMinute, TimeSpan.FromMinutes(1));

    /// <exception cref="RefusedException">Too fast.</exception>
    public void TakeMessage(Guid personId) => RateBucket.Take(_messages, personId, 1, "You are sending faster than this server allows. Wait a moment, then retry.", metrics, Limit.MessagesPerSecond);

    /// <exception cref="RefusedException">Too many.</exception>
    public void TakeRoom(Guid personId) => RateBucket.Take(_rooms, personId, 1, "You have made many rooms in a short time. Wait a while before the next.", metrics, Limit.RoomsPerHour);

    /// <exception cref="RefusedException">Too many.</exception>
    public void TakeUploads(Guid personId, int count)
    {
        // The bucket throws when it is asked for more than it can ever hold.
        if (options.Value.Limits.UploadsPerMinute is > 0 and var most && count > most)
        {
            metrics.Refused(Limit.UploadsPerMinute);
            throw new RefusedException(RefusalKind.TooLarge, $"{count} files are too many at once; the limit here is {most} a minute.");
        }

        RateBucket.Take(_uploads, personId, count, "You are starting more uploads than this server allows in a minute. Wait a moment, then try again.", metrics, Limit.UploadsPerMinute);
    }

    /// <summary>Each of these looks reads megabytes or asks the database; a person who goes on with an upload needs one.</summary>
    /// <exception cref="RefusedException">Too many.</exception>
    public void TakeLook(Guid personId) => RateBucket.Take(_looks, personId, 1, "That was too often in a short time. Wait a moment, then try again.", metrics, Limit.Looks);

    public void Dispose()
    {
        _looks.Dispose();
        _messages.Dispose();
        _rooms.Dispose();
        _uploads.Dispose();
    }
}
