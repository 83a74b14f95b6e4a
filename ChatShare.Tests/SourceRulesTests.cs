using System.Text.RegularExpressions;
using ChatShare.Tests.Support;

namespace ChatShare.Tests;

/// <summary>Rules of the design that a compiler does not know.</summary>
public sealed class SourceRulesTests
{
    private const int MostLines = 400;

    private static readonly string[] Product = ["ChatShare.Core", "ChatShare.Web", "ChatShare.Cli"];

    [Theory]
    [InlineData(@"\basync void\b")]
    [InlineData(@"\.Log(Trace|Debug|Information|Warning|Error|Critical)\(")]
    [InlineData(@"<Virtualize\b")]
    [InlineData(@"\b(src|href)=""(https?:)?//")]
    [InlineData(@"@import\s|url\(\s*['""]?(https?:)?//")]
    // Each change of anything would be searched for it, through the whole page.
    [InlineData(@"(:root|html|body)[^\s{,]*:has\(")]
    public void Product_does_without(string pattern)
    {
        var offenders = Sources().Where(path => Regex.IsMatch(File.ReadAllText(path), pattern));

        Assert.Empty(offenders);
    }

    [Fact]
    public void Database_is_opened_where_it_is_known_to_be_durable() => Assert.Equal(
        [
            "SqliteAppendCommands.cs", // the append path, DurabilityTests
            "SqliteDesignTimeFactory.cs", // for the tools of EF, in memory
            "SqliteEngine.cs", // by EF, DurabilityTests; for reading alone, and to forget the pool
        ],
        Sources().Where(path => Regex.IsMatch(File.ReadAllText(path), @"new SqliteConnection\(|\.UseSqlite\(")).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    [Fact]
    public void No_file_is_longer_than_one_reads_at_once() => Assert.DoesNotContain(
        // The tools of EF write the migrations.
        Sources([.. Product, "ChatShare.Tests", "ChatShare.Benchmarks"]).Where(path => !path.Split(Path.DirectorySeparatorChar).Contains("Migrations")),
        path => File.ReadLines(path).Count() > MostLines);

    [Fact]
    public void Search_for_what_is_not_there_looks_at_the_sources() => Assert.True(Sources().Count() > 100);

    private static IEnumerable<string> Sources() => Sources(Product);

    private static IEnumerable<string> Sources(IEnumerable<string> projects) =>
        projects
            .SelectMany(project => Directory.EnumerateFiles(SourceTree.Folder(project), "*", SearchOption.AllDirectories))
            .Where(path => Path.GetExtension(path) is ".cs" or ".razor" or ".js" or ".css")
            .Where(path => !path.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin" or "data" or "downloads"));
}
