using System.Text;

namespace ChatShare.Cli.Terminal;

/// <summary>Standard input is UTF-8. What is none is refused: with signs in place of its bytes it would look as if it had been meant.</summary>
internal static class StandardInput
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: true, throwOnInvalidBytes: true);

    /// <summary>Up to so many characters, less a mark at its beginning that says that it is UTF-8.</summary>
    /// <exception cref="Failure">It is not UTF-8.</exception>
    public static async Task<string> ReadAsync(int mostCharacters, CancellationToken cancellationToken)
    {
        using var input = new StreamReader(Console.OpenStandardInput(), Strict, detectEncodingFromByteOrderMarks: false);
        var buffer = new char[mostCharacters];
        try
        {
            return new string(buffer, 0, await input.ReadBlockAsync(buffer, cancellationToken));
        }
        catch (DecoderFallbackException e)
        {
            throw new Failure(ExitCode.Usage, "What came from standard input is not UTF-8. Nothing was sent.", e);
        }
    }

    /// <summary>Its lines as they come; null for one that is not UTF-8. Reading blocks the thread.</summary>
    public static IEnumerable<string?> Lines()
    {
        // Not Console.In: it would take a terminal into its own hands. Latin-1 keeps every byte, so that a bad line spoils none but itself.
        using var input = new StreamReader(Console.OpenStandardInput(), Encoding.Latin1, detectEncodingFromByteOrderMarks: false);
        for (var number = 1; input.ReadLine() is { } line; number++)
            yield return number == 1 ? Decode(line)?.TrimStart('\uFEFF') : Decode(line);
    }

    private static string? Decode(string line)
    {
        try
        {
            return Strict.GetString(Encoding.Latin1.GetBytes(line));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
