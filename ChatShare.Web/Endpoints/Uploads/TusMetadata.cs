using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ChatShare.Web.Endpoints.Uploads;

/// <summary>The header <c>Upload-Metadata</c>: <c>key base64,key base64,…</c>, the values in UTF-8, each key once.</summary>
internal sealed record TusMetadata
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, string> _values;

    private TusMetadata(Dictionary<string, string> values, string? header)
    {
        _values = values;
        Header = header;
    }

    /// <summary>All of it, to be sent back; null when a key is written in what no header can carry.</summary>
    public string? Header { get; }

    /// <summary>The value of a key; empty when it has none, null when the key is missing.</summary>
    public string? this[string key] => _values.GetValueOrDefault(key);

    /// <summary>Never throws.</summary>
    /// <param name="header">Null counts as empty.</param>
    /// <param name="metadata">Keys that mean nothing here are kept, too.</param>
    /// <param name="error">A sentence that says which part cannot be read.</param>
    public static bool TryParse(string? header, [NotNullWhen(true)] out TusMetadata? metadata, [NotNullWhen(false)] out string? error)
    {
        metadata = null;
        error = null;
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in (header ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var (key, base64) = pair.Split(' ') switch
            {
                [var only] => (only, ""),
                [var first, var second] => (first, second),
                _ => ("", ""),
            };
            if (key.Length == 0)
                error = "Upload-Metadata is made of keys and base64 values, with a space between the two and commas between the pairs.";
            else if (!TryDecode(base64, out var value))
                error = $"The value of “{key}” in Upload-Metadata is not base64 of UTF-8.";
            else if (!values.TryAdd(key, value))
                error = $"“{key}” is in Upload-Metadata twice.";
            if (error is not null)
                return false;
        }

        metadata = new(values, header is not null && header.All(c => c is >= ' ' and <= '~') ? header : null);
        return true;
    }

    /// <summary>One pair, for a header.</summary>
    public static string Pair(string key, string value) => $"{key} {Convert.ToBase64String(Encoding.UTF8.GetBytes(value))}";

    private static bool TryDecode(string base64, [NotNullWhen(true)] out string? value)
    {
        value = null;
        var bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out var count))
            return false;
        try
        {
            value = Strict.GetString(bytes, 0, count);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        return true;
    }
}
