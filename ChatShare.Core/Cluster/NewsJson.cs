using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using ChatShare.Core.Files;
using ChatShare.Core.People;

namespace ChatShare.Core.Cluster;

/// <summary>How news are written for other nodes.</summary>
[JsonSourceGenerationOptions(
    IgnoreReadOnlyProperties = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(FileIdText)])]
[JsonSerializable(typeof(NodeNews))]
[JsonSerializable(typeof(ImmutableArray<ConnectedUser>))]
internal sealed partial class NewsJson : JsonSerializerContext;

/// <summary>An id by its text.</summary>
internal sealed class FileIdText : JsonConverter<FileId>
{
    public override FileId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        FileId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("This is not the id of a file.");

    public override void Write(Utf8JsonWriter writer, FileId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
