using System.Text;

namespace ChatShare.Cli.Terminal;

/// <summary>Standard input is UTF-8. What is none is refused: with signs in place of its bytes it would look as if it had been meant.</summary>
internal static class StandardInput
{
    private const string Descriptors = "/proc/self/fd";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: true, throwOnInvalidBytes: true);

    /// <summary>All of it, less the line breaks at its end, and a mark at its beginning that says that it is UTF-8. Reading blocks the thread.</summary>
    /// <returns>Null when it is more than so many characters, of which no more are kept.</returns>
    /// <exception cref="Failure">It is not UTF-8, or cannot be read.</exception>
    public static string? Text(int mostCharacters)
    {
        using var input = new StreamReader(Open(), Strict, detectEncodingFromByteOrderMarks: false);
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
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new Failure(ExitCode.Usage, $"Standard input cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads beside whoever waits for it. One that is told to end leaves the thread behind, which ends with the program.</summary>
    public static Task<T> UnlessEndedAsync<T>(Func<T> read, CancellationToken cancellationToken) =>
        Task.Run(read, cancellationToken).WaitAsync(cancellationToken);

    /// <summary>Its lines as they come; null for one that is not UTF-8. Reading blocks the thread.</summary>
    public static IEnumerable<string?> Lines()
    {
        // Not Console.In: it would take a terminal into its own hands. Latin-1 keeps every byte, so that a bad line spoils none but itself.
        using var input = new StreamReader(Open(), Encoding.Latin1, detectEncodingFromByteOrderMarks: false);
        for (var number = 1; input.ReadLine() is { } line; number++)
            yield return number == 1 ? Decode(line)?.TrimStart('\uFEFF') : Decode(line);
    }

    /// <summary>
    /// Empty where the caller has closed it (<c>&lt;&amp;-</c>): the runtime's own pipe then has the number 0, and whoever reads it waits for ever.
    /// Its other end, for writing, is in this process as well, which is so of no pipe that comes from outside.
    /// </summary>
    private static Stream Open() =>
        OperatingSystem.IsLinux() && LinkOf("0") is { } pipe && pipe.StartsWith("pipe:", StringComparison.Ordinal)
        && Directory.EnumerateFiles(Descriptors).Select(path => Path.GetFileName(path)).Any(other => LinkOf(other) == pipe && IsForWriting(other))
            ? Stream.Null
            : Console.OpenStandardInput();

    /// <returns>Null for one that was closed since it was listed.</returns>
    private static string? LinkOf(string descriptor)
    {
        try
        {
            return new FileInfo(Path.Combine(Descriptors, descriptor)).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>By the last octal digit of its flags: O_WRONLY is 1, see proc(5) and open(2).</summary>
    private static bool IsForWriting(string descriptor)
    {
        try
        {
            return File.ReadLines(Path.Combine("/proc/self/fdinfo", descriptor)).Any(line => line.StartsWith("flags:", StringComparison.Ordinal) && line.EndsWith('1'));
        }
        catch (IOException)
        {
            return false;
        }
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
