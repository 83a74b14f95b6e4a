using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.FileProviders;

namespace ChatShare.Web.Components.Layout;

/// <summary>
/// The scripts of a page with a circuit as one file: page.js and all that it imports, each in a function of its own, those that others need
/// first, without comments and indents. One by one they are forty requests more, whose headers alone are 40 KB. It joins scripts that import and
/// export as those here do; docs/decisions/0013-one-script.md says which ways there are.
/// </summary>
internal sealed partial class PageScript(IWebHostEnvironment environment)
{
    /// <summary>The folder, as browsers know it.</summary>
    public const string Folder = "/js/";

    private const string Entry = "page";

    // Who comes at once may make it several times; what went wrong once is tried again.
    private readonly Lazy<Made> _made = new(() => Make(environment.WebRootFileProvider), LazyThreadSafetyMode.PublicationOnly);

    /// <summary>What pages get now. In development whoever works on a script sees it with the next page.</summary>
    /// <exception cref="InvalidOperationException">A script is missing, or is written in a way that is not understood.</exception>
    public Made Current => environment.IsDevelopment() ? Make(environment.WebRootFileProvider) : _made.Value;

    /// <exception cref="InvalidOperationException">A script is missing, or is written in a way that is not understood.</exception>
    internal static string Join(IFileProvider files)
    {
        var text = new StringBuilder();
        Add(Entry, files, text, []);
        return text.ToString();
    }

    private static Made Make(IFileProvider files)
    {
        var text = PackedText.Of(Join(files));
        return new Made($"{Folder}{Entry}.{text.Hash}.js", text);
    }

    /// <summary>Adds a script behind those that it needs, unless it is there.</summary>
    /// <param name="name">The script's, without its ending.</param>
    /// <param name="files">Where it is.</param>
    /// <param name="text">What it is added to.</param>
    /// <param name="added">What each of those that are in it exports; null while those that it needs are being added.</param>
    /// <returns>What it exports.</returns>
    private static HashSet<string> Add(string name, IFileProvider files, StringBuilder text, Dictionary<string, HashSet<string>?> added)
    {
        if (added.TryGetValue(name, out var known))
            return known ?? throw new InvalidOperationException($"The script {name}.js imports itself by way of others.");
        added[name] = null;

        HashSet<string> exports = new(StringComparer.Ordinal);
        List<string> returned = [];
        var source = Comment().Replace(Read(name, files), "");
        source = Import().Replace(source, import =>
        {
            var (from, names) = (import.Groups["from"].Value, Names(import.Groups["names"].Value));
            var theirs = Add(from, files, text, added);
            if (names.FirstOrDefault(given => !theirs.Contains(given.Theirs)) is { Theirs: { } missing })
                throw new InvalidOperationException($"The script {name}.js wants “{missing}” of {from}.js, which has no such thing.");
            if (import.Groups["all"] is { Success: true } all)
                return $"const {all} = {Variable(from)};";
            if (import.Groups["what"].Value == "import")
                return names.Length == 0 ? "" : $"const {{ {string.Join(", ", names.Select(given => $"{given.Theirs}: {given.Ours}"))} }} = {Variable(from)};";
            exports.UnionWith(names.Select(given => given.Ours));
            returned.AddRange(names.Select(given => $"{given.Ours}: {Variable(from)}.{given.Theirs}"));
            return "";
        });
        source = Export().Replace(source, export =>
        {
            exports.Add(export.Groups["name"].Value);
            returned.Add(export.Groups["name"].Value);
            return export.Groups["what"].Value;
        });
        if (NotUnderstood().Match(source) is { Success: true } rest)
            throw new InvalidOperationException($"The script {name}.js says “{rest.Value}”, which cannot be put into one file with others.");

        text.Append("const ").Append(Variable(name)).Append(" = (() => {\n")
            .Append(Indent().Replace(source, "").TrimEnd())
            .Append("\nreturn { ").AppendJoin(", ", returned).Append(" };\n})();\n");
        added[name] = exports;
        return exports;
    }

    /// <summary>Of <c>one, two as second</c>.</summary>
    private static (string Theirs, string Ours)[] Names(string list) =>
        [.. from name in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            let parts = name.Split(" as ")
            select (parts[0], parts[^1])];

    private static string Read(string name, IFileProvider files)
    {
        var file = files.GetFileInfo($"{Folder}{name}.js");
        if (!file.Exists)
            throw new InvalidOperationException($"The script {name}.js is missing.");
        using var reader = new StreamReader(file.CreateReadStream());
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    // Not a name that any script has for something of its own.
    private static string Variable(string name) => $"$_{name.Replace('-', '_')}";

    [GeneratedRegex(
        """^(?<what>import|export) (?:(?:\{(?<names>[^}]*)\}|(?<=import )\* as (?<all>\w+)) from |(?<=import ))"\./(?<from>[\w-]+)\.js";$""",
        RegexOptions.Multiline,
        1000)]
    private static partial Regex Import();

    [GeneratedRegex("""^export (?<what>(?:async )?(?:function|const|class) (?<name>\w+))""", RegexOptions.Multiline, 1000)]
    private static partial Regex Export();

    // A text between backticks that goes over a line end would lose its indents.
    [GeneratedRegex("""^(?:import|export)\b.*$|^(?:[^`\n]*`[^`\n]*`)*[^`\n]*`[^`\n]*$|\bimport\s*\(.*$""", RegexOptions.Multiline, 1000)]
    private static partial Regex NotUnderstood();

    // Lines that are nothing else.
    [GeneratedRegex("""^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)\n""", RegexOptions.Multiline, 1000)]
    private static partial Regex Comment();

    // And lines that are empty.
    [GeneratedRegex("""^\s+""", RegexOptions.Multiline, 1000)]
    private static partial Regex Indent();

    /// <param name="Address">Where pages find it. What is in it is in the address, so that browsers may keep what they got for good.</param>
    /// <param name="Text">The text.</param>
    internal sealed record Made(string Address, PackedText Text);
}
