using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace ChatShare.Web.Endpoints;

/// <summary>
/// The body of an answer whose bytes the web server in front sends: instead of the file goes its address there. That server also cuts the
/// ranges, so the framework's file result must not.
/// </summary>
internal sealed class HandedOver(IHttpResponseBodyFeature inner, HttpContext context, string address, Func<Task> handedOver) : IHttpResponseBodyFeature
{
    public Stream Stream => inner.Stream;

    public PipeWriter Writer => inner.Writer;

    public void DisableBuffering() => inner.DisableBuffering();

    public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

    public Task CompleteAsync() => inner.CompleteAsync();

    public async Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
    {
        // This answer has no bytes; how many the file has is found out over there.
        context.Response.ContentLength = null;
        context.Response.Headers["X-Accel-Redirect"] = address;
        await inner.StartAsync(cancellationToken);
        await handedOver();
    }
}
