using System.Globalization;
using System.Text.Json.Nodes;
using ChatShare.Core.Rooms;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;

namespace ChatShare.Web.Endpoints.Api;

/// <summary>
/// <c>/openapi/v1.json</c>: the API described so that a program can be made for it. Addresses, bodies and statuses are said where the
/// endpoints are; here is what they have in common.
/// </summary>
internal static class ApiDescription
{
    private const string Problem = "application/problem+json";

    private const string About =
        """
        The same rooms as in the browser, for scripts. `POST /api/session` gives a token; every other call carries it as `Authorization: Bearer …`.
        Every error is a problem (RFC 9457, `application/problem+json`) whose `detail` is a sentence for people; 400 names the fields in `errors`.

        Numbers count the durable changes of one room, without gaps. They are of one life of the database, which the header `Epoch` of every answer
        that has any names: after a restore it is another, and a reader starts afresh.

        Files are not under `/api`, and go by the same token. **Upload**: tus 1.0.0 at `/uploads`; `POST` with `Tus-Resumable: 1.0.0`, `Upload-Length` and
        `Upload-Metadata` (`room` and `filename` in base64; `filetype`, `path`, `batch`, `clientId` may be given) is answered with `Location: /uploads/{id}`; the bytes come
        with it (`Content-Type: application/offset+octet-stream`) or by `PATCH` at `Upload-Offset`; `HEAD` says how many are there. **Download**: `GET /files/{id}/{name}`,
        also while the file still comes in; when it is ready with ranges, `ETag` and `Repr-Digest`.
        """;

    /// <summary>Registers the document.</summary>
    public static void AddApiDescription(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.ShouldInclude = endpoint => endpoint.RelativePath?.StartsWith("api/", StringComparison.Ordinal) == true;
        // ApiMessage is a name among our classes; whoever reads the document knows that it is of the API.
        options.CreateSchemaReferenceId = type =>
            OpenApiOptions.CreateDefaultSchemaReferenceId(type) is { } name && name.StartsWith("Api", StringComparison.Ordinal) ? name[3..] : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        options.AddSchemaTransformer(DescribeAsync);
        options.AddOperationTransformer(DescribeAsync);
        options.AddDocumentTransformer(DescribeAsync);
    });

    /// <summary>Problems that an endpoint may answer with; 500 is possible always, and so is 503 while the database is away.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder endpoint, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            if (status == StatusCodes.Status400BadRequest)
                endpoint.ProducesValidationProblem();
            else
                endpoint.ProducesProblem(status);
        }

        return endpoint.ProducesProblem(StatusCodes.Status500InternalServerError).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>What is made has an address.</summary>
    public static RouteHandlerBuilder TellsLocation(this RouteHandlerBuilder endpoint, string description) =>
        endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            if (operation.Responses?["201"] is OpenApiResponse made)
                (made.Headers ??= new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal))["Location"] = Header(description);
            return Task.CompletedTask;
        });

    private static Task DescribeAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo { Title = "ChatShare", Version = "v1", Description = About };
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            [nameof(Security.BearerToken)] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "The “accessToken” of POST /api/session. It is good for 30 days, or until the session ends.",
            },
        };
        return Task.CompletedTask;
    }

    private static Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var isOpen = context.Description.ActionDescriptor.EndpointMetadata.OfType<IAllowAnonymous>().Any();
        var byToken = new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(nameof(Security.BearerToken), context.Document)] = [] };
        // What is open takes a token, too, and renews it.
        operation.Security = isOpen ? [new OpenApiSecurityRequirement(), byToken] : [byToken];

        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
            Describe(parameter);
        foreach (var (status, response) in operation.Responses ?? [])
            Describe(status, (OpenApiResponse)response, isOpen);
        return Task.CompletedTask;
    }

    /// <summary>The endpoints take them as text, to answer a wrong one with a sentence; this is what they want.</summary>
    private static void Describe(OpenApiParameter parameter)
    {
        (parameter.Description, parameter.Schema) = parameter.Name switch
        {
            "room" => ("The room’s name, percent-encoded, in any case.", new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = RoomName.MaxLength }),
            "before" => ("Messages whose number is below this one.", new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64", Minimum = "0" }),
            "after" => ("A number of a change, alone or as “{epoch}-{number}”, which is refused or reset when the epoch is another.", Position()),
            "Last-Event-ID" => ("The id of the last event that was seen; it wins over “after”.", new OpenApiSchema { Type = JsonSchemaType.String }),
            "limit" => ("How many at most.", new OpenApiSchema
            {
                Type = JsonSchemaType.Integer,
                Format = "int32",
                Minimum = "1",
                Maximum = Text(ApiMessages.MostInPage),
                Default = JsonValue.Create(ApiMessages.UsualPage),
            }),
            "id" => ("The “id” of a connection.", new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" }),
            "reason" => ("What the person reads.", new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = Core.People.Administration.MaxReasonLength }),
            _ => (parameter.Description, parameter.Schema),
        };

        static OpenApiSchema Position() => new() { Type = JsonSchemaType.String, Pattern = LogPosition.Pattern };
    }

    private static void Describe(string status, OpenApiResponse response, bool isOpen)
    {
        response.Headers ??= new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal);
        var code = int.Parse(status, CultureInfo.InvariantCulture);
        if (code < StatusCodes.Status400BadRequest)
        {
            if (!isOpen && response.Content?.Count > 0)
                response.Headers[ApiEndpoints.EpochHeader] = Header("Which life of the database the numbers are of.");
            return;
        }

        response.Description = ReasonPhrases.GetReasonPhrase(code);
        if (code == StatusCodes.Status401Unauthorized)
            response.Headers["WWW-Authenticate"] = Header("Bearer");
        if (code is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
            response.Headers["Retry-After"] = Header("Seconds to wait.");
    }

    private static Task DescribeAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo.Type;
        if (type.IsEnum)
            schema.Type = JsonSchemaType.String;
        // Null is taken for what is left out, so that the endpoints can say what is missing. Nobody has to know.
        if (IsTaken(type))
        {
            foreach (var property in schema.Properties?.Values.OfType<OpenApiSchema>() ?? [])
                property.Type &= ~JsonSchemaType.Null;
        }

        return Task.CompletedTask;
    }

    private static bool IsTaken(Type type) => type == typeof(ApiNewRoom) || type == typeof(ApiNewMessage) || type == typeof(ApiSignIn);

    private static OpenApiHeader Header(string description) => new() { Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
