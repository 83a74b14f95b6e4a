using ChatShare.Web.Endpoints.Api;
using ChatShare.Web.Security;
using Microsoft.AspNetCore.Mvc;

namespace ChatShare.Web.Endpoints.Uploads;

/// <summary>
/// Creates the uploads of a batch by one request, all or none, each as a <c>POST</c> of tus would: hundreds of files are announced in the time
/// of one, and their card says from the start how many they are. Bytes then come by tus. Whoever is refused, or gets no answer, creates them one
/// by one, which says what is wrong with which; the client ids keep that from making two of any.
/// </summary>
internal static class BatchEndpoint
{
    /// <summary>500 files whose names and folders are as long as they can be, and then some.</summary>
    private const int MostBytes = 4 * 1024 * 1024;

    public static void MapBatches(this IEndpointRouteBuilder uploads) =>
        uploads.MapPost("batch", CreateAsync).WithMetadata(new RequestSizeLimitAttribute(MostBytes));

    private static async Task<IResult> CreateAsync([AsParameters] TusEndpoints.Call call)
    {
        var (body, refusal) = await JsonBody.ReadAsync(call.Request, new Batch(null), call.Aborted);
        if (refusal is not null)
            return refusal;
        var creations = new List<TusCreation>();
        foreach (var file in body.Uploads ?? [])
        {
            if (!TusCreation.TryRead(file?.Length ?? -1, file?.Metadata, out var creation, out var refused))
                return refused;
            creations.Add(creation);
        }

        if (creations.Count == 0)
            return Refusals.Field("uploads", "No file is named.");
        if (creations[0] is not { Batch: { } batch, Room: var name } || creations.Any(other => other.Batch != batch || other.Room != name))
            return Refusals.Field("batch", "These are not of one room and batch.");
        if (call.Rooms.Find(name) is not { } room)
            return Refusals.Field("room", $"There is no room “{name}”.");

        // Not given up with the connection: what was announced has to be found by the next try.
        var uploads = await call.Uploads.CreateAllAsync(
            room, call.Who, call.Context.Door(), creations.ConvertAll(creation => creation.File), batch, CancellationToken.None);
        var sameLengths = await call.AlreadyHere.SameLengthsAsync(uploads.Select(upload => upload.Length), call.Who, call.Aborted);
        return TypedResults.Json(
            new Created([.. uploads.Select(upload => new One(TusEndpoints.AddressOf(call.Context, upload.Id), sameLengths.Contains(upload.Length)))]),
            statusCode: StatusCodes.Status201Created);
    }

    /// <summary>What is asked.</summary>
    /// <param name="Uploads">In the order of the files.</param>
    internal sealed record Batch(IReadOnlyList<Wanted?>? Uploads);

    /// <summary>One file.</summary>
    /// <param name="Length">As <c>Upload-Length</c>.</param>
    /// <param name="Metadata">As <c>Upload-Metadata</c>.</param>
    internal sealed record Wanted(long? Length, string? Metadata);

    /// <summary>What was made.</summary>
    /// <param name="Uploads">In the order of the files.</param>
    internal sealed record Created(IReadOnlyList<One> Uploads);

    /// <summary>One upload.</summary>
    /// <param name="Location">Where its bytes go.</param>
    /// <param name="SameSize">Whether its sender may have it checked whether it is here already.</param>
    internal sealed record One(string Location, bool SameSize);
}
