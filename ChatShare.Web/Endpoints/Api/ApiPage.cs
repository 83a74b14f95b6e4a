using System.Security.Cryptography;
using ChatShare.Web.Security;
using Scalar.AspNetCore;

namespace ChatShare.Web.Endpoints.Api;

/// <summary><c>/scalar</c>: the description as a page that people read, from the program itself and with nothing from elsewhere.</summary>
internal static class ApiPage
{
    private const string Address = "/scalar";

    /// <summary>Both can be read by anybody who reaches the server: they say nothing that the source does not.</summary>
    public static void MapApiDescription(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapOpenApi().AllowAnonymous();
        endpoints.MapScalarApiReference(Address, Configure).AllowAnonymous();
    }

    private static void Configure(ScalarOptions options, HttpContext context)
    {
        // The page starts by a script in itself, which may run because it carries this; nothing else that got into it could.
        var nonce = RandomNumberGenerator.GetHexString(32, lowercase: true);
        context.Response.Headers.ContentSecurityPolicy = SecurityHeaders.PolicyWithScript($"'nonce-{nonce}'");
        context.Response.Headers.CacheControl = "no-store";
        options.WithNonce(nonce).WithTitle("ChatShare API").WithFavicon("/favicon.svg")
            .DisableDefaultFonts().DisableTelemetry().DisableAgent().DisableMcp().HideDeveloperTools().HideClientButton();
    }
}
