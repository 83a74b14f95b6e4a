using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;

namespace ChatShare.Web.Endpoints.Api;

/// <summary>Reads what a request says in JSON. By hand, because the framework's own refusals do not name the field.</summary>
internal static class JsonBody
{
    /// <summary>Of 415.</summary>
    public const string IsAsked = "This is asked in JSON (Content-Type: application/json).";

    /// <summary>Enough for names.</summary>
    public const int FewBytes = 16 * 1024;

    /// <summary>The longest text with every character written as \uXXXX, and something for the rest.</summary>
    public const int ManyBytes = 128 * 1024;

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.Strict };

    /// <summary>Says what is read and how much of it: another type is refused before anything is looked at.</summary>
    public static RouteHandlerBuilder AcceptsJson<T>(this RouteHandlerBuilder endpoint, int mostBytes)
        where T : notnull =>
        endpoint.WithMetadata(new RequestSizeLimitAttribute(mostBytes)).Accepts<T>("application/json");

    /// <summary>What is sent; with <c>null</c> as the body an empty one. The second is the answer when it cannot be read.</summary>
    public static async Task<(T Body, IResult? Refusal)> ReadAsync<T>(HttpRequest request, T empty, CancellationToken cancellationToken)
        where T : class
    {
        // Another site's form cannot send this type, and so nobody can be made to do it without knowing.
        if (!request.HasJsonContentType())
            return (empty, Refusals.Status(StatusCodes.Status415UnsupportedMediaType, IsAsked));
        try
        {
            return (await JsonSerializer.DeserializeAsync<T>(request.Body, Strict, cancellationToken) ?? empty, null);
        }
        catch (JsonException e)
        {
            return (empty, FieldOf(e) is { } field
                ? Refusals.Field(field, "This is not what is expected here, or no text in UTF-8.")
                : Refusals.Field("body", "This is no JSON that can be read, or no object."));
        }
        catch (BadHttpRequestException e)
        {
            return (empty, Refusals.Status(e.StatusCode, "This is too long, or broke off."));
        }
    }

    /// <summary>The field whose value is none; null for a text that is no JSON at all: then the reader's own exception is inside, and the path says only how far it was.</summary>
    private static string? FieldOf(JsonException e)
    {
        var last = e.InnerException is JsonException ? "" : e.Path?.Split('.')[^1] ?? "";
        return last.Length > 0 && last.All(char.IsAsciiLetter) ? last : null;
    }
}
