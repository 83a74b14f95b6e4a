using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using ChatShare.Tests.Api;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Layout;
using Microsoft.Extensions.FileProviders;

namespace ChatShare.Tests.Components;

/// <summary>The scripts of a page in one file. That it runs is seen by every test in a browser.</summary>
public sealed class PageScriptTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void What_a_script_needs_stands_before_it_once_and_no_import_is_left()
    {
        var text = Join(
            ("page", "import \"./side.js\";\nimport * as chat from \"./chat.js\";\nimport { one, two as second } from \"./parts.js\";\nglobalThis.all = [chat, one, second];\n"),
            ("chat", "// A comment.\nimport {\n  one,\n} from \"./parts.js\";\nexport { last } from \"./lasts.js\";\n\n/** What it is. */\nexport async function start() {\n  return one; // said\n}\n"),
            ("lasts", "export const last = 3;\n// Nothing follows."),
            ("parts", "export const one = 1;\nexport function two() {}\n"),
            ("side", "/** @type {any} */ (window).seen = true;\n"));

        Assert.Equal(
            """
            const $_side = (() => {
            /** @type {any} */ (window).seen = true;
            return {  };
            })();
            const $_parts = (() => {
            const one = 1;
            function two() {}
            return { one, two };
            })();
            const $_lasts = (() => {
            const last = 3;
            // Nothing follows.
            return { last };
            })();
            const $_chat = (() => {
            const { one: one } = $_parts;
            async function start() {
            return one; // said
            }
            return { last: $_lasts.last, start };
            })();
            const $_page = (() => {
            const chat = $_chat;
            const { one: one, two: second } = $_parts;
            globalThis.all = [chat, one, second];
            return {  };
            })();

            """.ReplaceLineEndings("\n"),
            text);
    }

    [Theory]
    [InlineData("export default function () {}", "“export default function () {}”")]
    [InlineData("export let many = 1;", "“export let many = 1;”")]
    [InlineData("import chat from \"./chat.js\";", "“import chat from")]
    [InlineData("import { chat } from \"https://elsewhere.example/chat.js\";", "“import { chat } from")]
    [InlineData("const chat = await import(\"./chat.js\");", "import(")]
    [InlineData("const chat = import (\"./chat.js\");", "import (")]
    [InlineData("const text = `one\n  two`;", "“const text = `one”")]
    [InlineData("import { gone } from \"./there.js\";", "The script page.js wants “gone” of there.js, which has no such thing.")]
    [InlineData("export { gone } from \"./there.js\";", "The script page.js wants “gone” of there.js, which has no such thing.")]
    [InlineData("import \"./chat.js\";", "The script chat.js is missing.")]
    [InlineData("export { chat } from \"./chat.js\";", "The script chat.js is missing.")]
    [InlineData("import \"./page.js\";", "The script page.js imports itself by way of others.")]
    public void What_cannot_be_put_into_one_file_is_named(string source, string named)
    {
        var refused = Assert.Throws<InvalidOperationException>(() => Join(("page", source + "\n"), ("there", "export const there = 1;\n")));

        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_components_call_is_there()
    {
        var web = SourceTree.Folder("ChatShare.Web");
        string Script(string name) => File.ReadAllText(Path.Combine(web, "wwwroot", "js", name));
        var parts = Regex.Matches(Script("page.js"), @"^import \* as (?<part>\w+) from ""\./(?<file>[\w-]+\.js)"";$", RegexOptions.Multiline)
            .ToDictionary(part => part.Groups["part"].Value, part => Script(part.Groups["file"].Value), StringComparer.Ordinal);
        Assert.Contains($"chatshare = {{ {string.Join(", ", parts.Keys)} }};", Script("page.js"), StringComparison.Ordinal);

        var called = Directory.EnumerateFiles(Path.Combine(web, "Components"), "*.*", SearchOption.AllDirectories)
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), @"""chatshare\.(?<part>\w+)\.(?<name>\w+)""|\bScript => ""(?<part>\w+)"""))
            .Select(call => (Part: call.Groups["part"].Value, Name: call.Groups["name"] is { Success: true } name ? name.Value : "start")).ToList();
        Assert.InRange(called.Count, 6, int.MaxValue);
        Assert.All(called, call => Assert.Matches($@"\bexport (?:async function {call.Name}\(|function {call.Name}\(|const {call.Name}\b|\{{ {call.Name} \}})", parts[call.Part]));
    }

    [Fact]
    public async Task Browsers_get_it_small_and_keep_it_under_an_address_that_says_what_is_in_it()
    {
        var client = await fixture.JoinAsync();
        var address = Regex.Match(await client.GetStringAsync("/rooms/Lobby", Cancel), @"/js/page\.[0-9a-f]{10}\.js").Value;

        var plain = await GetAsync(address, null);
        var packed = await GetAsync(address, "gzip, deflate");
        var small = await GetAsync(address, "gzip, deflate, br");
        Assert.Equal(("", "gzip", "br"), (plain.Encoding, packed.Encoding, small.Encoding));
        Assert.Equal(plain.Bytes, Unpacked(new GZipStream(new MemoryStream(packed.Bytes), CompressionMode.Decompress)));
        Assert.Equal(plain.Bytes, Unpacked(new BrotliStream(new MemoryStream(small.Bytes), CompressionMode.Decompress)));
        Assert.True(small.Bytes.Length < packed.Bytes.Length && packed.Bytes.Length < plain.Bytes.Length / 3, "It is not small.");
        Assert.All([plain, packed, small], got => Assert.True(got.Cache is { Public: true, MaxAge.TotalDays: >= 365 }));

        // The page of a node of another build gets what there is, and keeps it not.
        var other = await GetAsync("/js/page.0123456789.js", null);
        Assert.Equal(plain.Bytes, other.Bytes);
        Assert.True(other.Cache!.NoStore);
        // It comes with the first dialog, which says where it is.
        var sheet = ThemeSheet.Address;
        Assert.Equal((await GetAsync(sheet, null)).Bytes, (await GetAsync("/theme-0123.css", null)).Bytes);

        foreach (var (path, length) in new[] { (address, plain.Bytes.Length), (sheet, (await GetAsync(sheet, null)).Bytes.Length) })
        {
            using var looked = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path), Cancel);
            Assert.Equal((HttpStatusCode.OK, (long?)length), (looked.StatusCode, looked.Content.Headers.ContentLength));
        }

        async Task<(byte[] Bytes, string Encoding, CacheControlHeaderValue? Cache)> GetAsync(string path, string? accepted)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (accepted is not null)
                request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted);
            using var response = await client.SendAsync(request, Cancel);
            return (await response.Content.ReadAsByteArrayAsync(Cancel), string.Concat(response.Content.Headers.ContentEncoding), response.Headers.CacheControl);
        }
    }

    private static string Join(params (string Name, string Source)[] scripts)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("js"));
        foreach (var (name, source) in scripts)
            File.WriteAllText(Path.Combine(folder.File("js"), $"{name}.js"), source, Encoding.UTF8);
        using var files = new PhysicalFileProvider(folder.Path);
        return PageScript.Join(files);
    }

    private static byte[] Unpacked(Stream packed)
    {
        using var unpacked = new MemoryStream();
        using (packed)
            packed.CopyTo(unpacked);
        return unpacked.ToArray();
    }
}
