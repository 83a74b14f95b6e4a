using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using ChatShare.Cli.Transfers;

namespace ChatShare.Cli.Terminal;

/// <summary>The reader of the results is gone, as after <c>| head</c>: there is nobody to work for.</summary>
internal sealed class ReaderGoneException(Exception? inner = null) : Exception("Nobody reads the results any more.", inner);

/// <summary>Results go to standard output, everything else to standard error.</summary>
/// <param name="results">Standard output.</param>
/// <param name="notes">Standard error.</param>
/// <param name="resultLook">Of standard output.</param>
/// <param name="noteLook">Of standard error.</param>
internal sealed class Output(TextWriter results, TextWriter notes, Look resultLook, Look noteLook)
{
    private readonly Lock _lock = new();

    /// <summary>Whether results are JSON, one value on a line; known when the command line was read.</summary>
    public bool IsJson { get; set; }

    /// <summary>Of standard output.</summary>
    public Look ResultLook => resultLook;

    /// <summary>Of standard error.</summary>
    public Look NoteLook => noteLook;

    /// <summary>A line of a result for people; nothing with <c>--json</c>.</summary>
    public void Result(Line line)
    {
        if (!IsJson)
            Write(resultLook.Render(line));
    }

    /// <summary>Rows of a result for people; nothing with <c>--json</c>.</summary>
    public void Result(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<Line>> rows)
    {
        if (!IsJson)
            Write(resultLook.Render(headings, rows));
    }

    /// <summary>A result for programs; nothing without <c>--json</c>. Everything but ASCII is escaped, so that it is harmless, too.</summary>
    public void Json<T>(T value, JsonTypeInfo<T> type)
    {
        if (IsJson)
            Write(JsonSerializer.Serialize(value, type) + "\n");
    }

    /// <summary>A remark.</summary>
    public void Note(Line line) => NoteRaw(noteLook.Render(line));

    /// <summary>A remark.</summary>
    public void Note(string text) => Note(Line.Of(text, Tone.Dim));

    /// <summary>Why it did not work.</summary>
    public void Error(Failure failure) => Error(failure, Line.Of("chatshare: ", Tone.Bad).Add(failure.Message));

    /// <summary>Why something of it did not work.</summary>
    public void Error(Failure failure, Line forPeople)
    {
        if (IsJson)
        {
            var error = new JsonObject { ["error"] = failure.Message, ["exitCode"] = (int)failure.Code };
            if (failure.Status is { } status)
                error["status"] = (int)status;
            NoteRaw(error.ToJsonString() + "\n");
        }
        else
        {
            Note(forPeople);
        }
    }

    /// <summary>Straight to standard output: what was made safe already.</summary>
    public void Write(string safe)
    {
        try
        {
            lock (_lock)
            {
                results.Write(safe);
                results.Flush();
            }
        }
        catch (Exception e) when (LocalDisk.IsAbout(e))
        {
            // A terminal that was closed; otherwise it is the disk, or there is no standard output.
            throw StandardOutput.IsReaderGone
                ? new ReaderGoneException(e)
                : new Failure(ExitCode.LocalFile, $"The results cannot be written to standard output. {e.GetBaseException().Message}", e);
        }

        if (StandardOutput.IsReaderGone)
            throw new ReaderGoneException();
    }

    /// <summary>Straight to standard error: what was made safe already.</summary>
    public void NoteRaw(string safe)
    {
        try
        {
            lock (_lock)
            {
                notes.Write(safe);
                notes.Flush();
            }
        }
        catch (IOException e)
        {
            throw new ReaderGoneException(e);
        }
    }
}
