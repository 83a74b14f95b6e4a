using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using ChatShare.Cli.Http;

namespace ChatShare.Cli.Transfers;

/// <summary>A file that is on this disk now.</summary>
/// <param name="Id">As the server lists it.</param>
/// <param name="Name">As the server lists it; the name on this disk may be another.</param>
/// <param name="Path">The whole path.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Sha256">In hexadecimal digits.</param>
/// <param name="WasHere">It was before, with the same content.</param>
internal sealed record Downloaded(string Id, string Name, string Path, long Size, string Sha256, bool WasHere);

/// <summary>
/// Fetches files into a folder. What has come lies in a <c>.part</c> file, and the next call goes on after it; a file gets its name only
/// when it is complete and its SHA-256 is the one that the server tells.
/// </summary>
internal sealed class Downloader(ChatShareClient client, TimeProvider time)
{
    private const int BlockBytes = 128 * 1024;

    // Without a single byte of progress.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // From the last byte to the finished file the server checks and writes it.
    private static readonly TimeSpan FinishPatience = TimeSpan.FromSeconds(30);

    // A network that vanishes closes no connection. A file whose sender pauses is silent, too, and asking again harms nobody.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    /// <summary>Fetches one file.</summary>
    /// <param name="file">As the server lists it; one that still comes in is taken as it arrives.</param>
    /// <param name="folder">Made when it is missing.</param>
    /// <param name="meter">Told how far it is.</param>
    /// <param name="cancellationToken">Stops; what has come is kept.</param>
    /// <exception cref="Failure">It is gone, is not what was shared, or cannot be written.</exception>
    public async Task<Downloaded> GetAsync(FileInMessage file, string folder, Meter meter, CancellationToken cancellationToken)
    {
        folder = Path.GetFullPath(folder);
        var name = LocalFileName.Of(file.Name);
        if (file.Sha256 is { } known && await FindSameAsync(folder, name, file.Size, known, cancellationToken) is { } here)
            return new(file.Id, file.Name, here, file.Size, known, WasHere: true);

        var path = Path.Combine(folder, LocalFileName.Part(name, file.Id));
        string sha256;
        long size;
        await using (var part = PartFile.Open(path))
        {
            await part.HashWhatIsHereAsync(cancellationToken);
            var told = await FetchAsync(file, part, meter, cancellationToken);
            var expected = file.Sha256 ?? told ?? await DigestAsync(file, cancellationToken);
            sha256 = part.Sha256();
            size = part.Length;
            if (!sha256.Equals(expected, StringComparison.OrdinalIgnoreCase))
            {
                part.Delete();
                throw new Failure(ExitCode.Refused, $"What came of {file.Name} is not what was shared: its SHA-256 is another. Try again.");
            }

            part.Flush();
        }

        return new(file.Id, file.Name, PartFile.GiveName(path, folder, name), size, sha256, WasHere: false);
    }

    /// <returns>The SHA-256 that the server told on the way; null when it did not.</returns>
    private async Task<string?> FetchAsync(FileInMessage file, PartFile part, Meter meter, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(time);
        var progressAt = time.GetTimestamp();
        while (true)
        {
            var before = part.Length;
            try
            {
                return await FetchOnceAsync(file, part, meter, cancellationToken);
            }
            catch (Failure failure) when (failure.IsPassing)
            {
                if (part.Length > before)
                {
                    progressAt = time.GetTimestamp();
                    backoff.Reset();
                }
                else if (!client.HasAnswered || time.GetElapsedTime(progressAt) > Patience)
                {
                    throw;
                }

                await backoff.WaitAsync(failure.RetryAfter, cancellationToken);
            }
        }
    }

    private async Task<string?> FetchOnceAsync(FileInMessage file, PartFile part, Meter meter, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, PathOf(file));
        if (part.Length > 0)
        {
            request.Headers.Range = new RangeHeaderValue(part.Length, null);
            // Without it the server would not look at whether the file is still the same one.
            if (file.Sha256 is { } sha256)
                request.Headers.IfRange = new RangeConditionHeaderValue(new EntityTagHeaderValue($"\"{sha256}\""));
        }

        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(Silence);
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token);
            if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != part.Length)
                part.Empty();
            meter.StartAt(part.Length);
            var missing = response.Content.Headers.ContentLength;
            await using var body = await response.Content.ReadAsStreamAsync(silence.Token);
            await CopyAsync(body, part, meter, missing, silence);
            return DigestIn(response);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new Failure(ExitCode.NoServer, "The server sends nothing any more.", e) { IsPassing = true };
        }
        catch (Failure failure) when (failure.Status == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // All of it is here already, or too much.
            if (part.Length == file.Size)
                return null;
            part.Empty();
            throw new Failure(failure.Code, failure.Message, failure) { IsPassing = true };
        }
        catch (Exception e) when (ChatShareClient.IsBreak(e))
        {
            throw client.Broken(e);
        }
    }

    private async Task CopyAsync(Stream body, PartFile part, Meter meter, long? missing, CancellationTokenSource silence)
    {
        var buffer = new byte[BlockBytes];
        var taken = 0L;
        while (await body.ReadAsync(buffer, silence.Token) is > 0 and var count)
        {
            await part.AppendAsync(buffer.AsMemory(0, count), silence.Token);
            silence.CancelAfter(Silence);
            meter.Add(count);
            taken += count;
        }

        if (taken < missing)
            throw client.Broken(new IOException("The answer is too short."));
    }

    /// <summary>Of a file that became complete while it was fetched.</summary>
    private async Task<string> DigestAsync(FileInMessage file, CancellationToken cancellationToken) => await new Backoff(time).TryAsync(
        async token =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, PathOf(file));
            return await client.AskAsync(request, DigestIn, token) ?? throw new Failure(
                ExitCode.Refused, $"{file.Name} has come, but the server has not finished with it. Run the same command again later.") { IsPassing = true };
        },
        FinishPatience,
        cancellationToken);

    private static async Task<string?> FindSameAsync(string folder, string name, long size, string sha256, CancellationToken cancellationToken)
    {
        for (var number = 1; ; number++)
        {
            var path = Path.Combine(folder, number == 1 ? name : LocalFileName.Numbered(name, number));
            if (!Path.Exists(path))
                return null;
            // A folder may have the name; the file came under the next one then.
            if (Directory.Exists(path) || new FileInfo(path).Length != size)
                continue;
            try
            {
                await using var file = File.OpenRead(path);
                if (Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken)).Equals(sha256, StringComparison.OrdinalIgnoreCase))
                    return path;
            }
            catch (Exception e) when (LocalDisk.IsAbout(e))
            {
                // It cannot be compared, and so it counts as another.
                continue;
            }
        }
    }

    private static string PathOf(FileInMessage file) => $"files/{Uri.EscapeDataString(file.Id)}/{Uri.EscapeDataString(LocalFileName.Of(file.Name))}";

    /// <summary><c>Repr-Digest: sha-256=:base64:</c> (RFC 9530), in hexadecimal digits.</summary>
    private static string? DigestIn(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Repr-Digest", out var values) && !response.Content.Headers.TryGetValues("Repr-Digest", out values))
            return null;
        const string Start = "sha-256=:";
        var digest = string.Join(',', values).Split(',', StringSplitOptions.TrimEntries).FirstOrDefault(one => one.StartsWith(Start, StringComparison.Ordinal));
        var bytes = new byte[SHA256.HashSizeInBytes];
        return digest is not null && Convert.TryFromBase64String(digest[Start.Length..].TrimEnd(':'), bytes, out var count) && count == bytes.Length
            ? Convert.ToHexStringLower(bytes)
            : null;
    }
}
