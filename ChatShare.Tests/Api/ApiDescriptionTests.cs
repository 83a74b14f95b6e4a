using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ChatShare.Tests.Api;

/// <summary>A client that knows of the API nothing but what its description says.</summary>
public sealed class ApiDescriptionTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static readonly string[] Operations =
    [
        "SignIn", "ListRooms", "CreateRoom", "PostMessage", "ListMessages", "FollowRoom", "ListPeople", "ListFiles", "ListConnections", "Disconnect", "Leave",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_operation_does_what_the_description_says()
    {
        using var http = fixture.App.NewClient(sendsOrigin: false);
        var document = JsonNode.Parse(await http.GetStringAsync("/openapi/v1.json", Cancel))!;
        // What a caller wants to say; names and places are the description's.
        var values = new Dictionary<string, JsonNode?>(StringComparer.Ordinal)
        {
            ["userName"] = ApiFixture.Administrator,
            ["password"] = ApiFixture.Password,
            ["name"] = "Described",
            ["topic"] = "By itself",
            ["text"] = "hello",
            ["clientId"] = "d-1",
            ["room"] = "Described",
            ["limit"] = 10,
            ["after"] = "0",
        };
        Assert.Equal(Operations.Order(StringComparer.Ordinal), document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject())
            .Select(operation => operation.Value!["operationId"]!.GetValue<string>()).Order(StringComparer.Ordinal));

        foreach (var id in Operations)
        {
            var answer = await CallAsync(document, http, id, values);
            if ((answer as JsonObject)?["accessToken"] is { } token)
                http.DefaultRequestHeaders.Authorization = new("bearer", token.GetValue<string>());
            if (id == "ListConnections")
            {
                using var guest = await ApiClient.SignInAsync(fixture.App, "Passing guest");
                await guest.GetAsync("/api/rooms");
                var connections = (await CallAsync(document, http, id, values))!.AsArray();
                values["id"] = connections.Single(one => one!["nickname"]!.GetValue<string>() == "Passing guest")!["id"]!.DeepClone();
            }
        }

        using var afterwards = await http.GetAsync("/api/rooms", Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, afterwards.StatusCode);
    }

    [Fact]
    public async Task Description_is_open_to_everybody_and_names_what_a_caller_has_to_know()
    {
        using var http = fixture.App.NewClient(sendsOrigin: false);
        var document = JsonNode.Parse(await http.GetStringAsync("/openapi/v1.json", Cancel))!;

        Assert.Equal("bearer", document["components"]!["securitySchemes"]!.AsObject().Single().Value!["scheme"]!.GetValue<string>());
        foreach (var word in new[] { "/uploads", "Upload-Metadata", "/files/{id}/{name}", "Epoch" })
            Assert.Contains(word, document["info"]!["description"]!.GetValue<string>(), StringComparison.Ordinal);
        foreach (var (path, methods) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in methods!.AsObject())
            {
                Assert.False(string.IsNullOrEmpty(operation!["summary"]?.GetValue<string>()), path);
                // An empty requirement says that it can be asked without.
                Assert.Equal(
                    (path, method, path == "/api/session" && method == "post" ? """[{},{"BearerToken":[]}]""" : """[{"BearerToken":[]}]"""),
                    (path, method, operation["security"]?.ToJsonString()));
                foreach (var status in new[] { "401", "429", "500", "503" })
                    Assert.NotNull(operation["responses"]![status]!["content"]!["application/problem+json"]);
                // What another site may have sent is refused; administrators' are not for everybody.
                Assert.Equal((path, method, method != "get" || path == "/api/connections"), (path, method, operation["responses"]!["403"] is not null));
                foreach (var status in new[] { "429", "503" })
                    Assert.NotNull(operation["responses"]![status]!["headers"]!["Retry-After"]);
                Assert.All(operation["parameters"]?.AsArray() ?? [], parameter => Assert.NotNull(parameter!["description"]));
            }
        }
    }

    /// <summary>Returns what came, checked against the description; of a stream the first message.</summary>
    private static async Task<JsonNode?> CallAsync(JsonNode document, HttpClient http, string operationId, Dictionary<string, JsonNode?> values)
    {
        var (path, method, operation) = document["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Select(operation => (path.Key, Method: operation.Key, Operation: operation.Value!)))
            .Single(found => found.Operation["operationId"]!.GetValue<string>() == operationId);
        var query = new List<string>();
        foreach (var parameter in operation["parameters"]?.AsArray() ?? [])
        {
            var name = parameter!["name"]!.GetValue<string>();
            if (!values.TryGetValue(name, out var value))
                continue;
            Validate(document, parameter["schema"]!, value, name);
            var text = Uri.EscapeDataString(value!.ToString());
            if (parameter["in"]!.GetValue<string>() == "path")
                path = path.Replace($"{{{name}}}", text, StringComparison.Ordinal);
            else
                query.Add($"{name}={text}");
        }

        using var request = new HttpRequestMessage(new HttpMethod(method.ToUpperInvariant()), path + (query.Count > 0 ? "?" + string.Join('&', query) : ""));
        if (operation["requestBody"]?["content"]?.AsObject().Single() is { Value: { } taken, Key: var type })
        {
            var schema = Resolve(document, taken["schema"]!);
            var body = new JsonObject(schema["properties"]!.AsObject().Where(property => values.ContainsKey(property.Key))
                .Select(property => KeyValuePair.Create(property.Key, values[property.Key]?.DeepClone())));
            Validate(document, schema, body, operationId);
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, type);
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (!response.IsSuccessStatusCode)
            Assert.Fail($"{operationId} was answered with {status}: {await TextAsync(response)}");
        var described = operation["responses"]![status];
        Assert.True(described is not null, $"{operationId}: {status} is not described.");
        Assert.Equal((operationId, described["headers"]?["Epoch"] is not null), (operationId, response.Headers.Contains("Epoch") && described["content"] is not null));
        Assert.Equal((operationId, described["headers"]?["Location"] is not null), (operationId, response.Headers.Location is not null));
        if (described["content"] is not { } content)
        {
            Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancel));
            return null;
        }

        var given = content[response.Content.Headers.ContentType!.MediaType!];
        Assert.True(given is not null, $"{operationId}: {response.Content.Headers.ContentType} is not described.");
        var answer = JsonNode.Parse(await TextAsync(response));
        Validate(document, given["schema"]!, answer, operationId);
        return answer;
    }

    private static async Task<string> TextAsync(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType == "text/event-stream"
            ? (await new EventReader(response).NextMessageAsync()).Data
            : await response.Content.ReadAsStringAsync(Cancel);

    private static JsonNode Resolve(JsonNode document, JsonNode schema) => schema["$ref"] is { } reference
        ? reference.GetValue<string>().Split('/').Skip(1).Aggregate(document, (node, part) => node[part]!)
        : schema;

    /// <summary>As much of JSON Schema as the description uses.</summary>
    private static void Validate(JsonNode document, JsonNode schema, JsonNode? value, string where)
    {
        schema = Resolve(document, schema);
        var types = schema["type"] is JsonArray several ? several.Select(type => type!.GetValue<string>()).ToList() : [schema["type"]!.GetValue<string>()];
        Assert.True(types.Contains(TypeOf(value)) || (types.Contains("integer") && TypeOf(value) == "number"), $"{where} is {value?.ToJsonString() ?? "null"}, described as {string.Join(", ", types)}.");
        if (schema["enum"] is JsonArray allowed)
            Assert.Contains(value!.GetValue<string>(), allowed.Select(one => one!.GetValue<string>()));
        if (value is JsonValue && TypeOf(value) == "string" && schema["pattern"] is { } pattern)
            Assert.Matches(new Regex(pattern.GetValue<string>(), RegexOptions.None, TimeSpan.FromSeconds(1)), value.GetValue<string>());
        if (schema["format"]?.GetValue<string>() == "date-time")
            Assert.True(DateTimeOffset.TryParse(value!.GetValue<string>(), CultureInfo.InvariantCulture, out _), where);
        foreach (var element in value as JsonArray ?? [])
            Validate(document, schema["items"]!, element, $"{where}[]");
        if (value is not JsonObject members)
            return;
        foreach (var required in schema["required"]?.AsArray() ?? [])
            Assert.True(members.ContainsKey(required!.GetValue<string>()), $"{where} lacks {required}.");
        foreach (var (name, member) in members)
        {
            var property = schema["properties"]![name];
            Assert.True(property is not null, $"{where}.{name} is not described.");
            Validate(document, property, member, $"{where}.{name}");
        }
    }

    private static string TypeOf(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "object",
        JsonArray => "array",
        _ => value.GetValueKind() switch
        {
            System.Text.Json.JsonValueKind.String => "string",
            System.Text.Json.JsonValueKind.Number => "number",
            _ => "boolean",
        },
    };
}
