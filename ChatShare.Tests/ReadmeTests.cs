using System.Collections;
using System.Globalization;
using System.Text.RegularExpressions;
using ChatShare.Core;
using ChatShare.Tests.Support;

namespace ChatShare.Tests;

/// <summary>What the README promises, against the program.</summary>
public sealed class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(SourceTree.Folder("README.md"));

    [Fact]
    public void Table_of_settings_has_every_option_once_and_no_other()
    {
        var listed = Rows().SelectMany(row => row.Keys).Where(key => key.StartsWith("ChatShare:", StringComparison.Ordinal));

        Assert.Equal(Options().Keys.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Table_of_settings_has_the_defaults_of_the_program()
    {
        var options = Options();
        foreach (var (keys, defaults) in Rows())
        {
            foreach (var (key, value) in keys.Zip(defaults))
            {
                if (options.TryGetValue(key, out var actual))
                    Assert.Equal($"{key} {actual}", $"{key} {value}");
            }
        }
    }

    [Fact]
    public void Files_that_are_linked_are_there()
    {
        foreach (Match link in Regex.Matches(Readme, @"\]\((?!http)([^)]+)\)"))
            Assert.True(Path.Exists(SourceTree.Folder(link.Groups[1].Value)), link.Groups[1].Value);
    }

    /// <summary>Lines such as <c>| `ChatShare:Limits:CircuitsPerPerson`, `:CircuitsPerAddress` | 20, 200 | open pages |</c>.</summary>
    private static IEnumerable<(string[] Keys, string[] Defaults)> Rows()
    {
        foreach (var line in Readme.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal) && line.Contains(':', StringComparison.Ordinal)))
        {
            var cells = line.Split('|', StringSplitOptions.TrimEntries);
            if (cells.Length < 5)
                continue;
            var names = cells[1].Split(',', StringSplitOptions.TrimEntries).Select(name => name.Trim('`')).ToArray();
            var section = names[0][..(names[0].LastIndexOf(':') + 1)];
            string[] keys = [.. names.Select(name => name.StartsWith(':') ? section + name[1..] : name)];
            var defaults = cells[2].Split(',', StringSplitOptions.TrimEntries).Select(value => value.Trim('`')).ToArray();
            yield return (keys, defaults);
        }
    }

    private static Dictionary<string, string> Options()
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        Collect(ChatShareOptions.Section, new ChatShareOptions());
        return found;

        void Collect(string prefix, object section)
        {
            foreach (var property in section.GetType().GetProperties())
            {
                var key = $"{prefix}:{property.Name}";
                switch (property.GetValue(section))
                {
                    case null: found[key] = ""; break;
                    case string text: found[key] = text; break;
                    case IEnumerable: found[key] = "none"; break;
                    case IFormattable number: found[key] = number.ToString(null, CultureInfo.InvariantCulture); break;
                    case { } inner: Collect(key, inner); break;
                }
            }
        }
    }
}
