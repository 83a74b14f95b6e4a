using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Hosting;

namespace ChatShare.Benchmarks.Uploading;

/// <summary>The least that an upload can be: a page that sends the picked file by XHR, and an endpoint that writes it down and syncs it.</summary>
internal static class BareUploadServer
{
    public const string Mode = "serve-bare-upload";

    private const int BufferLength = 256 * 1024;
    private const string Page =
        """
        <!DOCTYPE html>
        <title>Bare upload</title>
        <input type="file" id="file">
        <script>
          document.getElementById("file").addEventListener("change", event => {
            const file = event.target.files[0];
            const request = new XMLHttpRequest();
            request.open("PUT", "/" + file.name);
            request.addEventListener("load", () => request.status === 200 && (document.body.dataset.done = file.name));
            request.send(file);
          });
        </script>
        """;

    /// <param name="folder">Where files go.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<int> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var app = WebApplication.CreateBuilder().Build();
        app.MapGet("/", () => Results.Content(Page, "text/html"));
        app.MapPut("/{name}", async (string name, HttpRequest request) =>
        {
            // As good as it gets without more: a buffer of the same size as the chat's, and no second one in the file stream.
            await using var file = new FileStream(Path.Combine(folder, Path.GetFileName(name)), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            await using var source = request.BodyReader.AsStream();
            var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
            int count;
            while ((count = await source.ReadAsync(buffer, request.HttpContext.RequestAborted)) > 0)
                file.Write(buffer.AsSpan(0, count));
            ArrayPool<byte>.Shared.Return(buffer);
            file.Flush(flushToDisk: true);
            return Results.Ok();
        }).WithMetadata(new DisableRequestSizeLimitAttribute());
        await app.StartAsync(cancellationToken);
        await app.WaitForShutdownAsync(cancellationToken);
        return 0;
    }
}
