using System.Globalization;
using ChatShare.Core;
using ChatShare.Web.Security;

namespace ChatShare.Web.Endpoints;

/// <summary>What programs are told when something is refused: a status and a problem with the sentence.</summary>
internal static class Refusals
{
    private const int WrongChecksum = 460; // tus 1.0.0
    private const string CalledOff = "ChatShare-Called-Off";

    /// <summary>Answers a <see cref="RefusedException"/> of these endpoints.</summary>
    public static TBuilder TellRefusals<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter(async (invocation, next) =>
        {
            try
            {
                return await next(invocation);
            }
            catch (RefusedException refused)
            {
                return Tell(invocation.HttpContext, refused);
            }
        });

    /// <summary>400 with <c>errors.{field}</c>.</summary>
    public static IResult Field(string field, string sentence) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [sentence] }, detail: sentence);

    /// <summary>Any other status with its sentence.</summary>
    public static IResult Status(int status, string sentence) => new Refusal(status, sentence);

    private static IResult Tell(HttpContext context, RefusedException refused)
    {
        if (refused.Kind is RefusalKind.TooFast or RefusalKind.NotYet or RefusalKind.Elsewhere)
        {
            var seconds = Math.Max(1, (int)Math.Ceiling((refused.RetryAfter ?? TimeSpan.Zero).TotalSeconds));
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        // In a header: the answer to a HEAD has nothing else.
        if (refused.Kind == RefusalKind.CalledOff)
            context.Response.Headers[CalledOff] = "1";

        return Status(StatusOf(refused.Kind), refused.Message);
    }

    /// <summary>A problem; for whoever looks at a file with a browser the bare status, which becomes a page, see <see cref="WebSecurity"/>.</summary>
    private sealed class Refusal(int status, string sentence) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            if (!Paths.IsFileForPerson(httpContext.Request))
                return TypedResults.Problem(sentence, statusCode: status, type: TypeOf(status)).ExecuteAsync(httpContext);
            httpContext.Response.StatusCode = status;
            return Task.CompletedTask;
        }
    }

    /// <summary>Where a status is defined that the framework has no word for; null for all others, which get theirs from it.</summary>
    private static string? TypeOf(int status) => status switch
    {
        StatusCodes.Status410Gone => "https://tools.ietf.org/html/rfc9110#section-15.5.11",
        StatusCodes.Status413PayloadTooLarge => "https://tools.ietf.org/html/rfc9110#section-15.5.14",
        StatusCodes.Status423Locked => "https://tools.ietf.org/html/rfc4918#section-11.3",
        StatusCodes.Status429TooManyRequests => "https://tools.ietf.org/html/rfc6585#section-4",
        WrongChecksum => "https://tus.io/protocols/resumable-upload#checksum",
        StatusCodes.Status507InsufficientStorage => "https://tools.ietf.org/html/rfc4918#section-11.5",
        _ => null,
    };

    private static int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid => StatusCodes.Status400BadRequest,
        RefusalKind.SessionEnded => StatusCodes.Status401Unauthorized,
        RefusalKind.NotPermitted => StatusCodes.Status403Forbidden,
        RefusalKind.NotFound => StatusCodes.Status404NotFound,
        RefusalKind.Taken or RefusalKind.Conflict => StatusCodes.Status409Conflict,
        RefusalKind.Gone or RefusalKind.CalledOff => StatusCodes.Status410Gone,
        RefusalKind.TooLarge => StatusCodes.Status413PayloadTooLarge,
        RefusalKind.TooFast => StatusCodes.Status429TooManyRequests,
        RefusalKind.Checksum => WrongChecksum,
        // The one that clients of tus wait for: at any other refusal of a HEAD they begin anew.
        RefusalKind.Elsewhere => StatusCodes.Status423Locked,
        RefusalKind.NotYet => StatusCodes.Status503ServiceUnavailable,
        RefusalKind.DiskFull => StatusCodes.Status507InsufficientStorage,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "A kind of refusal without a status."),
    };
}
