using System.IO.Compression;
using System.Net;
using System.Text;
using ChatShare.Core.Files;
using ChatShare.Tests.Support;
using CsCheck;

namespace ChatShare.Tests.Files;

/// <summary>Names that were made to hurt, all the way: announced by tus, sent back in headers, put into an archive.</summary>
public sealed class HostileNameTests
{
    private const int AtATime = 8;

    // Every list is sampled in the quick form; the long one takes all of it.
    private const int MostOfAList = 100;

    private static readonly string[] Own =
    [
        "", " ", ".", "..", "...", "/", "\\", "../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "C:\\Windows\\win.ini", "a/../../b", "....//....//x",
        "%2e%2e%2f%2e%2e%2fx", "..%c0%af..%c0%afx", "x%00.png", "x\0.png", "x\r\nSet-Cookie: a=b", "x\nX-Accel-Redirect: /protected/files", "x\r\n\r\n<script>",
        "\"; filename=\"evil.exe", "x\"; filename*=UTF-8''evil.exe", "a;b=c", "x\\\"y", "=?UTF-8?B?ZXZpbA==?=", "UTF-8''evil", "`id`", "$(id)", "; rm -rf /", "| cat",
        "<script>alert(1)</script>.txt", "\"><img src=x onerror=alert(1)>.png", "javascript:alert(1)", "x' onmouseover='alert(1)", "{{7*7}}", "${jndi:ldap://x}",
        "con", "CON.txt", "nul", "aux.tar.gz", "COM1", "LPT9.txt", "CLOCK$", "desktop.ini", "Thumbs.db::$DATA", "file.txt:stream", "-rf", "--help", "~", "~root", ".htaccess",
        "manifest.csv", "=cmd|' /C calc'!A0.csv", "+1.csv", "@SUM(1).csv", "exe\u202Egpj.scr", "\u2066a\u2069.txt", "\u200Bx", "\uFEFFx.txt", "a\u0301.txt", "ａ.txt", "ﷺ.txt",
        "Ω≈ç√∫.txt", "田中さん.txt", "مرحبا.pdf", "👨‍👩‍👧‍👦.png", "\u2028line\u2029.txt", "x\u0085y", "tab\ty", "bell\a", "del\u007F", "name.", "name ", " name", "a..b", "x.lnk", "x.url",
        new('a', 300), new string('é', 300) + ".txt", "." + new string('b', 300), new string('.', 300), "x" + string.Concat(Enumerable.Repeat("\u0301", 500)),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task Names_of_our_own_list_come_back_clean() => RoundTripAsync(Own);

    [Fact]
    public Task Names_of_pieces_that_are_traps_come_back_clean() => RoundTripAsync([.. HostileText.Any.Array[60].Single()]);

    [Fact]
    public Task Naughty_strings_come_back_clean()
    {
        var list = NaughtyStrings.BigList();
        Assert.SkipUnless(list.Length > 0, "The Big List of Naughty Strings is not installed; ./test installs it where npm is.");
        return RoundTripAsync(list);
    }

    [Fact]
    public Task Injections_of_wfuzz_come_back_clean()
    {
        Assert.SkipUnless(Directory.Exists(NaughtyStrings.WordLists), "The word lists of wfuzz are not installed; ./test installs them on Debian as root.");
        return RoundTripAsync([.. Directory.EnumerateFiles(NaughtyStrings.WordLists).SelectMany(path => File.ReadLines(path, Encoding.Latin1)).Distinct()]);
    }

    private static async Task RoundTripAsync(string[] names)
    {
        await using var app = await RunningApp.StartAsync("ChatShare:Limits:UploadsPerMinute=0", "ChatShare:Limits:UploadsPerPerson=0");
        var http = await app.JoinAsync("Mallory");
        var tus = new TusClient(app, http);
        string[] usual;
        using (var plain = await GetAsync(http, await tus.CreateAsync("plain.txt", 0)))
            usual = [.. HeaderNames(plain)];

        // Half a character does not come through UTF-8.
        var taken = Sampled([.. names.Select(name => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name)))], MostOfAList);
        await Parallel.ForEachAsync(taken, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = Cancel }, async (name, _) =>
        {
            using var created = await tus.SendAsync("POST", "/uploads", content: null, ("Upload-Length", "0"), ("Upload-Metadata", TusClient.Metadata(name)));
            // A name of nothing is a fault in the metadata; whatever else comes is cleaned and never refused.
            if (created.StatusCode == HttpStatusCode.BadRequest && string.IsNullOrWhiteSpace(name))
                return;
            Assert.True(created.StatusCode == HttpStatusCode.Created, $"{created.StatusCode} for “{name}”");
            using var response = await GetAsync(http, created.Headers.Location!.OriginalString);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var disposition = response.Content.Headers.ContentDisposition;
            Assert.Equal(("attachment", FileName.Clean(name).Value), (disposition?.DispositionType, disposition?.FileNameStar ?? disposition?.FileName?.Trim('"')));
            // Nothing that a name has put there.
            Assert.All(disposition!.Parameters, parameter => Assert.StartsWith("filename", parameter.Name, StringComparison.Ordinal));
            Assert.Equal(usual, HeaderNames(response));
        });

        using var zip = new ZipArchive(new MemoryStream(await http.GetByteArrayAsync("/files/archive?room=Lobby", Cancel)));
        Assert.InRange(zip.Entries.Count, taken.Length - 5, taken.Length + 2);
        Assert.Equal(zip.Entries.Count, zip.Entries.Select(entry => entry.FullName).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(zip.Entries, entry =>
        {
            Assert.Equal(entry.FullName, Path.GetFileName(entry.FullName));
            Assert.DoesNotContain(entry.FullName, c => c is '/' or '\\' or ':' || char.IsControl(c));
            Assert.NotInRange(entry.FullName.Trim('.', ' ').Length, 0, 0);
        });
    }

    private static Task<HttpResponseMessage> GetAsync(HttpClient http, string location) =>
        http.BeginGetAsync(location.Replace("/uploads/", "/files/", StringComparison.Ordinal));

    private static IEnumerable<string> HeaderNames(HttpResponseMessage response) =>
        response.Headers.Concat(response.Content.Headers).Select(header => header.Key).Order(StringComparer.Ordinal);

    /// <summary>Spread over the whole list.</summary>
    private static string[] Sampled(string[] names, int most)
    {
        var step = Make.IsLong ? 1 : Math.Max(1, names.Length / most);
        return [.. names.Where((_, index) => index % step == 0)];
    }
}
