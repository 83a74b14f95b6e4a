using ChatShare.Core;
using ChatShare.Core.Files;
using ChatShare.Core.People;
using ChatShare.Core.Rooms;
using ChatShare.Web.Endpoints.Api;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace ChatShare.Web.Endpoints.Uploads;

/// <summary>
/// tus 1.0.0 at <c>/uploads</c>. A thin skin: who may do what, offsets, limits and checksums are the upload's own business; here are
/// headers, statuses, and what a broken connection means.
/// </summary>
internal static class TusEndpoints
{
    // As for readers of events.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    public static void AddUploads(this IServiceCollection services) => services.AddSingleton<TusBodies>();

    public static void MapUploads(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods("/uploads/{id?}", [HttpMethods.Options], Describe).AllowAnonymous();

        // The limit for a whole request is one for forms; what an upload may have was checked when it was announced.
        var uploads = endpoints.MapGroup("/uploads").RequireAuthorization().WithMetadata(new DisableRequestSizeLimitAttribute())
            .AddEndpointFilter(SpeakVersionAsync).TellRefusals().ShowPrograms();
        uploads.MapPost("", CreateAsync);
        uploads.MapMethods("{id}", [HttpMethods.Head], HeadAsync);
        uploads.MapPatch("{id}", AppendAsync);
        uploads.MapDelete("{id}", CancelAsync);
        uploads.MapOwnUploads();
        uploads.MapBatches();
    }

    private static NoContent Describe(HttpContext context, IOptions<ChatShareOptions> options)
    {
        var headers = context.Response.Headers;
        headers["Tus-Version"] = Tus.Version;
        headers["Tus-Extension"] = Tus.Extensions;
        headers["Tus-Checksum-Algorithm"] = string.Join(',', PartChecksum.Algorithms);
        if (options.Value.Limits.FileBytes is > 0 and var most)
            headers["Tus-Max-Size"] = Tus.Text(most);
        return TypedResults.NoContent();
    }

    private static ValueTask<object?> SpeakVersionAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        context.Response.Headers.CacheControl = "no-store";
        if (context.Request.Headers[Tus.Resumable] is [Tus.Version])
            return next(invocation);
        context.Response.Headers["Tus-Version"] = Tus.Version;
        return new(Refusals.Status(StatusCodes.Status412PreconditionFailed, $"This server speaks tus {Tus.Version}; the request has to say so in Tus-Resumable."));
    }

    private static async Task<IResult> CreateAsync([AsParameters] Call call)
    {
        if (!TusCreation.TryRead(call.Request, out var creation, out var refused))
            return refused;
        TusPart? part = null;
        if (TusPart.IsIn(call.Request) && !TusPart.TryRead(call.Request, out part, out refused) && await TusPart.HasBytesAsync(call.Request, call.Aborted))
            return refused;
        if (part?.Length > creation.File.Length)
            return TooLong(part.Length.Value, creation.File.Length);
        // An empty one is whole at once: nothing could be refused of it afterwards.
        if (part is not null && creation.File.Length == 0 && await TusPart.HasBytesAsync(call.Request, call.Aborted))
            return Refusals.Status(StatusCodes.Status413PayloadTooLarge, "A file of 0 bytes has none.");
        // Not 404: the address is right, what stands in the metadata is not.
        if (call.Rooms.Find(creation.Room) is not { } room)
            return Refusals.Field("room", $"There is no room “{creation.Room}”.");

        Upload upload;
        try
        {
            // Not given up with the connection: the same creation, sent again, may be waiting for this one.
            upload = await call.Uploads.CreateAsync(room, call.Who, call.Context.Door(), creation.File, creation.Batch, CancellationToken.None);
        }
        catch (RefusedException gone) when (gone.Kind is RefusalKind.Gone or RefusalKind.CalledOff && creation.File.ClientId is { } clientId)
        {
            // Its first answer was lost, and it has become the file since.
            if (await call.Uploads.FindReadyAsync(call.Who, clientId, call.Aborted) is { } file)
                return Created(call.Context, null, file);
            throw;
        }

        if (part is not null && await FeedFirstAsync(call, upload, part) is { } broken)
            return broken;

        // Its sender may have it checked whether it is here already.
        if ((await call.AlreadyHere.SameLengthsAsync([upload.Length], call.Who, call.Aborted)).Count > 0)
            call.Context.Response.Headers[Tus.SameLength] = "1";
        var now = await StandingAsync(call, upload.Id);
        return Created(call.Context, now.Upload, now.File);
    }

    /// <summary>
    /// The bytes that came with the creation. Whatever becomes of them the upload is there, and the sender has to learn where: the offset says
    /// what was taken.
    /// </summary>
    /// <returns>See <see cref="FeedAsync"/>.</returns>
    private static async Task<IResult?> FeedFirstAsync(Call call, Upload upload, TusPart part)
    {
        try
        {
            return await FeedAsync(call, upload, offset: 0, part);
        }
        catch (RefusedException known) when (known.Kind == RefusalKind.Conflict && upload.IsUnderWay)
        {
            // Created before, by the same client id, and some of it is here or comes by another request: that is no fault of this one.
            return upload.Received < upload.Length ? Created(call.Context, upload, upload.File) : null;
        }
        catch (RefusedException refused) when (upload.IsUnderWay || refused.Kind == RefusalKind.NotYet)
        {
            call.Context.Response.Headers.Location = AddressOf(call.Context, upload.Id);
            // That all of it is here is said when it is the file.
            if (upload.IsUnderWay)
                SayWhere(call.Context, upload, upload.File);
            throw;
        }
    }

    private static async Task<IResult> HeadAsync(string id, [AsParameters] Call call)
    {
        if (!FileId.TryParse(id, out var fileId))
            return NotFound();
        var (upload, file) = await StandingAsync(call, fileId);
        var headers = call.Context.Response.Headers;
        headers[Tus.Length] = Tus.Text(file.Length);
        headers[Tus.Metadata] = await call.Files.MetadataAsync(fileId, call.Who, call.Aborted) ?? TusMetadata.Pair("filename", file.Name);
        SayWhere(call.Context, upload, file);
        return TypedResults.Ok();
    }

    private static async Task<IResult> AppendAsync(string id, [AsParameters] Call call)
    {
        if (!FileId.TryParse(id, out var fileId))
            return NotFound();
        if (!TusPart.TryRead(call.Request, out var part, out var refused))
            return refused;
        if (!Tus.TryReadBytes(call.Request, Tus.Offset, out var offset))
            return Refusals.Field(Tus.Offset, "Upload-Offset is missing or no possible number of bytes.");

        var (upload, file) = await FindAsync(call, fileId);
        if (upload is null)
        {
            // Whoever lost the last answer asks how far it is.
            if (offset != file.Length || TusPart.IsIn(call.Request))
                throw new RefusedException(RefusalKind.Conflict, "This upload has become the file already.");
        }
        else if (offset == upload.Received && part.Length > upload.Length - offset)
        {
            return TooLong(part.Length.Value, upload.Length - offset);
        }
        else if (await FeedAsync(call, upload, offset, part) is { } broken)
        {
            return broken;
        }

        SayWhere(call.Context, upload, upload?.File ?? file);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> CancelAsync(string id, [AsParameters] Call call)
    {
        if (!FileId.TryParse(id, out var fileId))
            return NotFound();
        if (!await IsUnderWayAsync(call, fileId) || !await call.Uploads.CancelAsync(fileId, call.Who, call.Aborted))
            throw new RefusedException(RefusalKind.Gone, "This upload has become the file already.");
        return TypedResults.NoContent();
    }

    /// <summary>Also one that is whole and waits for room to become the file. Only its sender is answered.</summary>
    private static async Task<bool> IsUnderWayAsync(Call call, FileId id)
    {
        try
        {
            return (await FindAsync(call, id)).Upload is not null;
        }
        catch (RefusedException whole) when (whole.Kind == RefusalKind.NotYet)
        {
            return true;
        }
    }

    /// <returns>What to answer when the bytes did not come to their end; null when they did.</returns>
    /// <exception cref="RefusedException">See <see cref="Upload.AppendAsync"/>.</exception>
    private static async Task<IResult?> FeedAsync(Call call, Upload upload, long offset, TusPart part)
    {
        await using var body = call.Bodies.Begin(upload.Id, call.Request.BodyReader, part.MostBytes);
        // Not the request's own end: what arrived before the connection broke is read first, and kept.
        using var until = CancellationTokenSource.CreateLinkedTokenSource(body.Silent, call.Lifetime.ApplicationStopping);
        try
        {
            await upload.AppendAsync(call.Who, offset, body, part.Checksum, until.Token);
            return null;
        }
        catch (OperationCanceledException) when (!upload.IsUnderWay)
        {
            await upload.Ended;
            // Else its sender, who goes on sending, would look for the answer when the server gives up reading: after five seconds.
            HangUpSoon(call.Context);
            // It says how it ended, unless it became the file: what was shared before has the rest.
            await call.Uploads.FindOwnAsync(upload.Id, call.Who, CancellationToken.None);
            return null;
        }
        catch (OperationCanceledException) when (call.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            call.Context.Response.Headers.RetryAfter = "5";
            HangUpSoon(call.Context);
            return Refusals.Status(StatusCodes.Status503ServiceUnavailable, "The server is being restarted. What arrived is kept; go on from there.");
        }
        catch (Exception e) when (e is OperationCanceledException or ConnectionResetException || call.Aborted.IsCancellationRequested)
        {
            return Refusals.Status(StatusCodes.Status408RequestTimeout, "The connection broke off. HEAD says how much of it is kept; go on from there.");
        }
        catch (BadHttpRequestException e)
        {
            return Refusals.Status(e.StatusCode, "The request broke off. HEAD says how much of it is kept; go on from there.");
        }
    }

    /// <summary>
    /// Whoever goes on sending, or sleeps, holds nothing up: they have the answer after a moment, and what they send is read by nobody.
    /// </summary>
    private static void HangUpSoon(HttpContext context)
    {
        // Over HTTP/2 a request ends by itself, and the connection carries others.
        if (!HttpProtocol.IsHttp11(context.Request.Protocol))
            return;
        context.Response.Headers.Connection = "close";
        var connection = context.Features.Get<IConnectionLifetimeFeature>();
        context.Response.OnCompleted(() =>
        {
            // Not awaited: the server reads the rest of the request meanwhile, so that a reset does not overtake the answer.
            _ = Task.Delay(Farewell).ContinueWith(_ => connection?.Abort(), TaskScheduler.Default);
            return Task.CompletedTask;
        });
    }

    /// <summary>
    /// How far an upload is. That all of it is here is told only when it is the file, durably: whoever hears it lets go of their copy.
    /// </summary>
    private static async Task<(Upload? Upload, SharedFile File)> StandingAsync(Call call, FileId id)
    {
        var (upload, file) = await FindAsync(call, id);
        if (upload is null)
            return (null, file);
        await call.Bodies.GiveWayAsync(id, call.Aborted);
        if (upload.Received < upload.Length)
            return (upload, file);
        try
        {
            // An empty file, or one whose last byte came just before the connection or the server went.
            await upload.AppendAsync(call.Who, upload.Length, Stream.Null, checksum: null, CancellationToken.None);
        }
        catch (OperationCanceledException) when (!upload.IsUnderWay)
        {
            // Called off meanwhile; what it has become says so.
            await upload.Ended.WaitAsync(call.Aborted);
        }
        catch (OperationCanceledException)
        {
            // The server stops, or whoever looks whether the file is here already went first.
            throw new RefusedException(RefusalKind.TooFast, "The server is busy with this file. Ask again in a moment.");
        }
        catch (RefusedException e) when (e.Kind == RefusalKind.Conflict)
        {
            // Somebody else brings it to its end.
            await upload.Ended.WaitAsync(call.Aborted);
        }

        return await FindAsync(call, id);
    }

    /// <summary>See <see cref="UploadService.FindOwnAsync"/>.</summary>
    private static async Task<(Upload? Upload, SharedFile File)> FindAsync(Call call, FileId id)
    {
        var upload = call.Uploads.Find(id);
        try
        {
            return await call.Uploads.FindOwnAsync(id, call.Who, call.Aborted);
        }
        catch (Exception e) when (upload is not null && (e is IOException || (e is OperationCanceledException && !call.Aborted.IsCancellationRequested)))
        {
            // It ended while what an earlier run of the server had received was taken up; its row says how.
            await upload.Ended.WaitAsync(call.Aborted);
            return await call.Uploads.FindOwnAsync(id, call.Who, call.Aborted);
        }
    }

    private static Created Created(HttpContext context, Upload? upload, SharedFile file)
    {
        SayWhere(context, upload, file);
        return TypedResults.Created(AddressOf(context, file.Id));
    }

    internal static string AddressOf(HttpContext context, FileId id) => $"{context.Request.PathBase}/uploads/{id}";

    private static void SayWhere(HttpContext context, Upload? upload, SharedFile file)
    {
        var headers = context.Response.Headers;
        headers[Tus.Offset] = Tus.Text(upload?.Received ?? file.Length);
        if (upload is { IsUnderWay: true })
            headers[Tus.Expires] = upload.ExpiresAt.ToString("R");
    }

    private static IResult TooLong(long length, long missing) => Refusals.Status(
        StatusCodes.Status413PayloadTooLarge, $"These are {Tus.Text(length)} bytes; {Tus.Text(missing)} are missing.");

    private static IResult NotFound() => Refusals.Status(StatusCodes.Status404NotFound, "There is no such upload.");

    /// <summary>A request and what it is answered with.</summary>
    internal sealed record Call(
        HttpContext Context, [FromServices] UploadService Uploads, [FromServices] FileDirectory Files, [FromServices] AlreadyHere AlreadyHere,
        [FromServices] RoomService Rooms, [FromServices] TusBodies Bodies, [FromServices] IHostApplicationLifetime Lifetime)
    {
        public HttpRequest Request => Context.Request;

        public CancellationToken Aborted => Context.RequestAborted;

        public PersonSession Who => Context.PersonSession() ?? throw new RefusedException(RefusalKind.SessionEnded, "Join first.");
    }
}
