using System.Globalization;
using System.Net;
using System.Text;
using ChatShare.Cli.Http;
using ChatShare.Cli.State;

namespace ChatShare.Cli.Transfers;

/// <summary>Whose file goes where.</summary>
/// <param name="Nickname">Its sender’s.</param>
/// <param name="Room">The room’s name.</param>
/// <param name="Batch">Files with the same one are one message; null for a message of its own.</param>
/// <param name="Index">Its place in the batch.</param>
internal sealed record Destination(string Nickname, string Room, string? Batch, int Index);

/// <summary>A file that everybody in the room has now.</summary>
/// <param name="File">Its whole path here.</param>
/// <param name="Id">As the server lists it.</param>
/// <param name="Name">As the server lists it, which makes names safe; the one here may be another.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Url">Where it can be fetched.</param>
internal sealed record Uploaded(string File, string Id, string Name, long Size, string Url);

/// <summary>Sends files by tus 1.0.0, and goes on after any break, also of this program: what is under way is noted down first.</summary>
internal sealed class Uploader(ChatShareClient client, UploadMemory memory, TimeProvider time)
{
    // Without a single byte of progress.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private const int MostConflicts = 5;

    // After the last byte the server checks the file, has it scanned, and writes it to the disk for good.
    private static readonly TimeSpan FinishPatience = TimeSpan.FromMinutes(6);

    /// <summary>A network that vanishes closes no connection: after so long without a byte another one is made.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Sends one file to its end.</summary>
    /// <param name="file">Stays the caller's.</param>
    /// <param name="to">Where it goes.</param>
    /// <param name="meter">Told how far it is.</param>
    /// <param name="cancellationToken">Stops; the same call goes on later.</param>
    /// <exception cref="Failure">It was refused, or the file was changed meanwhile and nothing of it was shared.</exception>
    public async Task<Uploaded> SendAsync(SentFile file, Destination to, Meter meter, CancellationToken cancellationToken)
    {
        var key = KeyOf(file, to);
        // What another command has sent to its end is sent once more by this one.
        var note = memory.Find(key) is { } known && !(known.IsDone && known.Batch != to.Batch) ? known : null;
        try
        {
            if (note?.Location is { } begun && await TryAsync(token => OffsetAsync(begun, token), cancellationToken) is null)
            {
                // It was called off, or nobody went on with it for too long.
                await memory.ForgetAsync([key], cancellationToken);
                note = null;
            }

            note ??= NewNote(key, to.Batch);
            await memory.SaveAsync([note], cancellationToken);
            note = await BeginAsync(note, to, cancellationToken);
            await FeedAsync(note.Location!, file, meter, cancellationToken);
            var id = note.Location!.Split('/')[^1];
            // While it is noted down: one that is stopped here must not be sent again.
            var name = await NameAsync(id, file, cancellationToken);
            // Whoever sends several says when all of them are there: until then the same command must not send this one again.
            await (to.Batch is null ? memory.ForgetAsync([key], cancellationToken) : memory.SaveAsync([note with { IsDone = true }], cancellationToken));
            return new(file.Path, id, name, file.Size, new Uri(client.Server, $"files/{id}/{Uri.EscapeDataString(name)}").AbsoluteUri);
        }
        catch (Failure failure) when (failure.Code == ExitCode.LocalFile && note?.Location is { } location)
        {
            await CancelAsync(key, location, cancellationToken);
            throw;
        }
    }

    /// <summary>Calls an upload off that was begun: its card says so, and nothing of it stays.</summary>
    public async Task CancelAsync(SentFile file, Destination to, CancellationToken cancellationToken)
    {
        var key = KeyOf(file, to);
        if (memory.Find(key)?.Location is { } location)
            await CancelAsync(key, location, cancellationToken);
    }

    /// <summary>
    /// The batch of several files that are sent by one command: that of an earlier run which did not come to its end, so that they become one message
    /// and none is sent twice. All are noted down before the first is sent.
    /// </summary>
    public async Task<string> BeginBatchAsync(IReadOnlyCollection<SentFile> files, Destination to, CancellationToken cancellationToken)
    {
        var known = files.ToDictionary(file => file, file => memory.Find(KeyOf(file, to)));
        var batch = known.Values.FirstOrDefault(note => note is { IsDone: false, Batch: not null })?.Batch ?? Guid.NewGuid().ToString("N");
        await memory.SaveAsync(
            [.. known.Where(one => one.Value is null || (one.Value.IsDone && one.Value.Batch != batch)).Select(one => NewNote(KeyOf(one.Key, to), batch))],
            cancellationToken);
        return batch;
    }

    /// <summary>All files of a batch are there: the same command sends them again.</summary>
    public Task EndBatchAsync(IReadOnlyCollection<SentFile> files, Destination to, CancellationToken cancellationToken) =>
        memory.ForgetAsync([.. files.Select(file => KeyOf(file, to))], cancellationToken);

    private UploadNote NewNote(UploadKey key, string? batch) => new(key, Guid.NewGuid().ToString("N"), batch, Location: null, time.GetUtcNow());

    private async Task CancelAsync(UploadKey key, string location, CancellationToken cancellationToken)
    {
        await memory.ForgetAsync([key], cancellationToken);
        try
        {
            using var request = Request(HttpMethod.Delete, location);
            await client.AskAsync(request, _ => true, cancellationToken);
        }
        catch (Failure failure) when (failure.IsPassing || failure.Status is HttpStatusCode.NotFound or HttpStatusCode.Gone)
        {
            // It is gone already, or the server gives it up by itself after a while.
            return;
        }
    }

    private UploadKey KeyOf(SentFile file, Destination to) =>
        new(ServerAddress.Text(client.Server), to.Nickname, to.Room, file.Path, file.Size, file.ModifiedAt);

    private async Task<UploadNote> BeginAsync(UploadNote note, Destination to, CancellationToken cancellationToken)
    {
        if (note.Location is not null)
            return note;
        var id = await TryAsync(
            async token =>
            {
                using var request = Request(HttpMethod.Post, "uploads");
                request.Headers.Add("Upload-Length", Text(note.Key.Size));
                request.Headers.Add("Upload-Metadata", MetadataOf(note, to));
                request.Content = new ByteArrayContent([]);
                return await client.AskAsync(request, response => IdIn(response.Headers.Location), token)
                    ?? throw new Failure(ExitCode.Refused, "The server does not say where the file goes. Is it a ChatShare server?");
            },
            cancellationToken);
        note = note with { Location = $"uploads/{id}" };
        await memory.SaveAsync([note], cancellationToken);
        return note;
    }

    private async Task FeedAsync(string location, SentFile file, Meter meter, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(time);
        var progressAt = time.GetTimestamp();
        var (furthest, sent, conflicts) = (0L, 0L, 0);
        while (true)
        {
            try
            {
                var offset = await OffsetAsync(location, cancellationToken)
                    ?? throw new Failure(ExitCode.Refused, $"The upload of {file.Path} was called off.");
                if (offset > furthest)
                {
                    progressAt = time.GetTimestamp();
                    (furthest, conflicts) = (offset, 0);
                    backoff.Reset();
                }

                meter.StartAt(offset);
                if (offset >= file.Size)
                    return;
                if (await AppendAsync(location, file, offset, meter, Sent, cancellationToken) >= file.Size)
                    return;
            }
            // A conflict: what a broken connection had brought was taken up meanwhile, or still is.
            catch (Failure failure) when (failure.IsPassing || (failure.Status == HttpStatusCode.Conflict && conflicts++ < MostConflicts))
            {
                if (time.GetElapsedTime(progressAt) > Patience)
                    throw new Failure(failure.Code, $"{failure.Message} Run the same command again to go on.", failure);
                await backoff.WaitAsync(failure.RetryAfter, cancellationToken);
            }
        }

        // What is sent a second time is no progress: it may never arrive. A body that was broken off may call this once more, beside the
        // next try; both write the time that it is.
        void Sent(long upTo)
        {
            if (upTo > sent)
                (sent, progressAt) = (upTo, time.GetTimestamp());
        }
    }

    /// <returns>How much the server has then.</returns>
    private async Task<long> AppendAsync(
        string location, SentFile file, long offset, Meter meter, Action<long> sent, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(Silence);
        using var request = Request(HttpMethod.Patch, location);
        request.Headers.Add("Upload-Offset", Text(offset));
        // What is refused, because an older connection still holds the upload, costs no bytes.
        request.Headers.ExpectContinue = true;
        request.Content = new FilePart(file, offset, meter, upTo =>
        {
            silence.CancelAfter(upTo >= file.Size ? FinishPatience : Silence);
            sent(upTo);
        });
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token);
            return OffsetIn(response);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new Failure(ExitCode.NoServer, "The server takes nothing any more.", e) { IsPassing = true };
        }
    }

    /// <summary>How much the server has; null when there is no such upload any more.</summary>
    private async Task<long?> OffsetAsync(string location, CancellationToken cancellationToken)
    {
        try
        {
            using var request = Request(HttpMethod.Head, location);
            return await client.AskAsync(request, OffsetIn, cancellationToken);
        }
        catch (Failure failure) when (failure.Status is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.Forbidden)
        {
            return null;
        }
    }

    private Task<T> TryAsync<T>(Func<CancellationToken, Task<T>> attempt, CancellationToken cancellationToken) =>
        new Backoff(time).TryAsync(attempt, client.HasAnswered ? Patience : TimeSpan.Zero, cancellationToken);

    /// <summary>The name that the file has in the room.</summary>
    private async Task<string> NameAsync(string id, SentFile file, CancellationToken cancellationToken)
    {
        var name = Path.GetFileName(file.Path);
        try
        {
            return await TryAsync(
                async token =>
                {
                    using var request = new HttpRequestMessage(HttpMethod.Head, $"files/{id}");
                    return await client.AskAsync(request, response => response.Content.Headers.ContentDisposition?.FileNameStar, token);
                },
                cancellationToken) ?? name;
        }
        catch (Failure)
        {
            // The file is there, whatever became of the question; it is found by its id, too.
            return name;
        }
    }

    /// <summary>
    /// The id at the end of where the server says the upload is. What stands before it is not asked for: behind a proxy the server does not know the path
    /// that others have it under.
    /// </summary>
    private static string? IdIn(Uri? location) => location?.OriginalString.Split('?', '#')[0].TrimEnd('/').Split('/')[^1] is { Length: > 0 } id ? id : null;

    private static HttpRequestMessage Request(HttpMethod method, string location)
    {
        var request = new HttpRequestMessage(method, location);
        request.Headers.Add("Tus-Resumable", "1.0.0");
        return request;
    }

    private static string MetadataOf(UploadNote note, Destination to)
    {
        var pairs = new List<(string Key, string Value)>
        {
            ("room", note.Key.Room),
            ("filename", Path.GetFileName(note.Key.Path)),
            ("modified", Text(note.Key.ModifiedAt.ToUnixTimeMilliseconds())),
            ("clientId", note.ClientId),
        };
        if (note.Batch is { } batch)
        {
            pairs.Add(("batch", batch));
            pairs.Add(("index", Text(to.Index)));
        }

        return string.Join(',', pairs.Select(pair => $"{pair.Key} {Convert.ToBase64String(Encoding.UTF8.GetBytes(pair.Value))}"));
    }

    private static long OffsetIn(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Upload-Offset", out var values) && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            ? offset
            : throw new Failure(ExitCode.Refused, "The server does not say how much it has. Is it a ChatShare server?");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
