using System.Globalization;
using ChatShare.Cli.Http;
using ChatShare.Cli.Terminal;
using ChatShare.Cli.Transfers;

namespace ChatShare.Cli.Chat;

/// <summary>
/// Messages as lines for people: the first time whole, later what is new about them. Files get a number when they are first seen, by which
/// they can be fetched.
/// </summary>
/// <param name="showsNumbers">Whether somebody can fetch by them.</param>
internal sealed class MessageLines(bool showsNumbers)
{
    private readonly Lock _lock = new();
    private readonly HashSet<long> _seen = [];
    private readonly List<FileInMessage> _files = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);

    /// <summary>The file with this number, as it was last told; null when there is none.</summary>
    public FileInMessage? File(int number)
    {
        lock (_lock)
            return number >= 1 && number <= _files.Count ? _files[number - 1] : null;
    }

    /// <summary>What there is to say about a message now; may be nothing.</summary>
    public IReadOnlyList<Line> Of(Message message)
    {
        lock (_lock)
            return [.. _seen.Add(message.Number) && !message.Deleted ? Whole(message) : Change(message)];
    }

    /// <summary>The message with the numbers that its files have here, for programs that fetch by them.</summary>
    public Message Numbered(Message message)
    {
        lock (_lock)
            return message with { Files = message.Files?.Select(file => file with { Get = _numbers.TryGetValue(file.Id, out var number) ? number : null }).ToList() };
    }

    /// <summary>Everything comes anew; numbers of files stay what they are.</summary>
    public void Forget()
    {
        lock (_lock)
            _seen.Clear();
    }

    private IEnumerable<Line> Whole(Message message)
    {
        var text = string.IsNullOrEmpty(message.Text) ? [] : SafeText.Lines(message.Text);
        var head = Line.Of(message.SentAt.ToLocalTime().ToString("HH:mm ", CultureInfo.InvariantCulture), Tone.Dim).Add(message.Sender, Tone.Person);
        var isFilesAlone = text.Count == 0;
        yield return isFilesAlone ? head.Add(" shares", Tone.Dim) : head.Add(": ").Add(text[0]);
        foreach (var line in text.Skip(1))
            yield return Line.Of("      ").Add(line);
        foreach (var file in message.Files ?? [])
            yield return FileLine(file);
    }

    private IEnumerable<Line> Change(Message message)
    {
        if (message.Deleted)
        {
            yield return Line.Of("      A message of ", Tone.Dim).Add(message.Sender, Tone.Person).Add(" was deleted.", Tone.Dim);
            yield break;
        }

        foreach (var file in message.Files ?? [])
        {
            var before = _numbers.TryGetValue(file.Id, out var number) ? _files[number - 1] : null;
            if (before?.State != file.State)
                yield return FileLine(file);
        }
    }

    private Line FileLine(FileInMessage file)
    {
        if (!_numbers.TryGetValue(file.Id, out var number))
        {
            _files.Add(file);
            number = _files.Count;
            _numbers.Add(file.Id, number);
        }

        _files[number - 1] = file;
        var name = string.Create(CultureInfo.InvariantCulture, $"{number}");
        var line = Line.Of(showsNumbers ? $"      [{name}] " : "      ", Tone.Strong).Add(file.Name).Add($", {Quantity.Bytes(file.Size)}", Tone.Dim);
        return file.State switch
        {
            FileStates.Ready when showsNumbers => line.Add($" – get {name}", Tone.Good),
            FileStates.Ready => line,
            FileStates.Uploading => line.Add(" is being sent", Tone.Dim),
            FileStates.Paused => line.Add(" waits for its sender", Tone.Dim),
            FileStates.Failed => line.Add(" broke off", Tone.Bad),
            _ => line.Add(" was called off", Tone.Dim),
        };
    }
}
