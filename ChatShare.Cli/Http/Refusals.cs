using System.Globalization;
using System.Net;
using System.Text.Json;

namespace ChatShare.Cli.Http;

/// <summary>Makes a sentence of an answer that is a refusal.</summary>
internal static class Refusals
{
    private const string ProblemType = "application/problem+json"; // RFC 9457
    private const int MostProblemBytes = 64 * 1024;

    public static async Task<Failure> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = response.StatusCode;
        var said = await SentenceAsync(response, cancellationToken);
        var code = status == HttpStatusCode.Unauthorized ? ExitCode.NotSignedIn : ExitCode.Refused;
        return new Failure(code, said ?? Otherwise(response))
        {
            Status = status,
            IsProblem = response.Content.Headers.ContentType?.MediaType == ProblemType,
            RetryAfter = response.Headers.RetryAfter switch
            {
                { Delta: { } delta } => delta,
                { Date: { } date } => date - DateTimeOffset.UtcNow,
                _ => null,
            },
            // 507 is a full disk or a limit: somebody has to make room first.
            IsPassing = status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.Locked
                || ((int)status >= 500 && status is not (HttpStatusCode.InsufficientStorage or HttpStatusCode.NotImplemented)),
        };
    }

    private static async Task<string?> SentenceAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType is not (ProblemType or "application/json"))
            return null;
        try
        {
            await response.Content.LoadIntoBufferAsync(MostProblemBytes, cancellationToken);
            // Whatever charset the answer names: JSON is UTF-8.
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var problem = await JsonSerializer.DeserializeAsync(body, ApiJson.Default.Problem, cancellationToken);
            var fields = problem?.Errors?.SelectMany(error => error.Value ?? []).OfType<string>().ToArray() ?? [];
            return fields.Length > 0 ? string.Join(' ', fields) : problem?.Detail ?? problem?.Title;
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
        {
            // What was wrong with the words does not matter: the status says enough.
            return null;
        }
    }

    private static string Otherwise(HttpResponseMessage response) => response.StatusCode switch
    {
        HttpStatusCode.Unauthorized => "You are not signed in.",
        HttpStatusCode.NotFound => "There is nothing at this address of the server. Is it a ChatShare server?",
        _ when response.Headers.Location is { } elsewhere => $"The server sends everybody to {elsewhere}. Use that address.",
        var status => string.Create(CultureInfo.InvariantCulture, $"The server answered {(int)status} {response.ReasonPhrase}."),
    };
}
