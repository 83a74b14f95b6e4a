using ChatShare.Core.Files;
using Microsoft.Net.Http.Headers;

namespace ChatShare.Web.Endpoints;

/// <summary>What every answer with the bytes of a shared file carries.</summary>
internal static class FileHeaders
{
    // A file runs nothing and loads nothing, whatever it is. Chromium's viewer refuses a sandboxed PDF.
    private const string Sandbox = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; frame-ancestors 'self'";
    private const string PdfPolicy = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'";

    public static void Set(HttpResponse response, string name, bool inline, ContentType type)
    {
        var disposition = new ContentDispositionHeaderValue(inline ? "inline" : "attachment");
        disposition.SetHttpFileName(name);
        var headers = response.Headers;
        headers.ContentDisposition = disposition.ToString();
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = type.Kind == FileKind.Pdf ? PdfPolicy : Sandbox;
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }
}
