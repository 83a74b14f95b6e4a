using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ChatShare.Cli.Transfers;

namespace ChatShare.Cli.Commands;

/// <summary>What the commands print themselves as JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Uploaded))]
[JsonSerializable(typeof(Downloaded))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class OutputJson : JsonSerializerContext;
