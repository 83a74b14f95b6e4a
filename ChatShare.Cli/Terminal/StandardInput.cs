using System.Text;

namespace ChatShare.Cli.Terminal;

/// <summary>Standard input is UTF-8. What is none is refused: with signs in place of its bytes it would look as if it had been meant.</summary>
internal static class StandardInput
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: true, throwOnInvalidBytes: true);

    /// <summary>All of it, less the line breaks at its end, and a mark at its beginning that says that it is UTF-8. Reading blocks the thread.</summary>
    /// <returns>Null when it is more than so many characters, of which no more are kept.</returns>
    /// <exception cref="Failure">It is not UTF-8.</exception>
    public static string? Text(int mostCharacters)
    {
        using var input = new StreamReader(Console.OpenStandardInput(), Strict, detectEncodingFromByteOrderMarks: false);
        var text = new char[mostCharacters];
        var more = new char[1024];
        try
        {
            var length = input.ReadBlock(text);
            // Line breaks are the end only when nothing follows them.
            while (input.Read(more) is > 0 and var count)
            {
                if (more.AsSpan(0, count).ContainsAnyExcept('\r', '\n'))
                    return null;
            }

            return new string(text, 0, length).TrimEnd('\r', '\n');
        }
        catch (DecoderFallbackException e)
        {
            throw new Failure(ExitCode.Usage, "What came from standard input is not UTF-8. Nothing was sent.", e);
        }
    }

    /// <summary>Reads beside whoever waits for it. One that is told to end leaves the thread behind, which ends with the program.</summary>
    public static Task<T> UnlessEndedAsync<T>(Func<T> read, CancellationToken cancellationToken) =>
        Task.Run(read, cancellationToken).WaitAsync(cancellationToken);

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
