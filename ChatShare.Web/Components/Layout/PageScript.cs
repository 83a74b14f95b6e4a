using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.FileProviders;

namespace ChatShare.Web.Components.Layout;

/// <summary>
/// The scripts of a page with a circuit as one file: page.js and all that it imports, each in a function of its own, those that others need
/// first, without comments and indents. One by one they are fifty requests, whose headers alone are 40 KB. A script that imports or
/// exports in another way than those here do is refused; docs/decisions/0013-one-script.md says which ways there are.
/// </summary>
internal sealed partial class PageScript(IWebHostEnvironment environment)
{
    /// <summary>The folder, as browsers know it.</summary>
    public const string Folder = "/js/";

    private const string Entry = "page";

    private readonly Lazy<Made> _made = new(() => Make(environment.WebRootFileProvider));

    /// <summary>
    /// Where pages find it. What is in it is in the address, so that browsers may keep what they got for good.
    /// </summary>
    public string Address => Now.Address;

    /// <summary>The text.</summary>
    public PackedText Text => Now.Text;

    // Whoever works on a script sees it with the next page.
    private Made Now => environment.IsDevelopment() ? Make(environment.WebRootFileProvider) : _made.Value;

    /// <exception cref="InvalidOperationException">A script is missing, or is written in a way that is not understood.</exception>
    internal static string Join(IFileProvider files)
    {
        var text = new StringBuilder();
        Add(Entry, files, text, []);
        return text.ToString();
    }

    private static Made Make(IFileProvider files)
    {
        var text = Join(files);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..10];
        return new Made($"{Folder}{Entry}.{hash}.js", PackedText.Of(text));
    }

    /// <summary>Adds a script behind those that it needs.</summary>
    /// <param name="name">The script's, without its ending.</param>
    /// <param name="files">Where it is.</param>
    /// <param name="text">What it is added to.</param>
    /// <param name="added">Those that are in it, or false while those that they need are being added.</param>
    private static void Add(string name, IFileProvider files, StringBuilder text, Dictionary<string, bool> added)
    {
        if (added.TryGetValue(name, out var isThere))
        {
            if (!isThere)
                throw new InvalidOperationException($"The script {name}.js imports itself by way of others.");
            return;
        }

        added[name] = false;
        var source = Comment().Replace(Read(name, files), "");
        foreach (Match import in Import().Matches(source))
            Add(import.Groups["from"].Value, files, text, added);

        List<string> exports = [];
        source = Import().Replace(source, import => import.Groups switch
        {
            { } groups when groups["all"].Success => $"const {groups["all"]} = {Variable(groups["from"].Value)};",
            { } groups when groups["names"].Success => $"const {{{groups["names"].Value.Replace(" as ", ": ", StringComparison.Ordinal)}}} = {Variable(groups["from"].Value)};",
            _ => "",
        });
        source = PassedOn().Replace(source, passed =>
        {
            exports.AddRange(passed.Groups["names"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(given => $"{given}: {Variable(passed.Groups["from"].Value)}.{given}"));
            return "";
        });
        source = Export().Replace(source, export =>
        {
            exports.Add(export.Groups["name"].Value);
            return export.Groups["what"].Value;
        });
        if (NotUnderstood().Match(source) is { Success: true } rest)
            throw new InvalidOperationException($"The script {name}.js says “{rest.Value}”, which cannot be put into one file with others.");

        text.Append("const ").Append(Variable(name)).Append(" = (() => {\n")
            .Append(Indent().Replace(source, ""))
            .Append("return { ").AppendJoin(", ", exports).Append(" };\n})();\n");
        added[name] = true;
    }

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

    [GeneratedRegex("""^import (?:(?:\{(?<names>[^}]*)\}|\* as (?<all>\w+)) from )?"\./(?<from>[\w-]+)\.js";$""", RegexOptions.Multiline, 1000)]
    private static partial Regex Import();

    [GeneratedRegex("""^export \{(?<names>[^}]*)\} from "\./(?<from>[\w-]+)\.js";$""", RegexOptions.Multiline, 1000)]
    private static partial Regex PassedOn();

    [GeneratedRegex("""^export (?<what>(?:async )?(?:function|const|class) (?<name>\w+))""", RegexOptions.Multiline, 1000)]
    private static partial Regex Export();

    // A text between backticks that goes over a line end would lose its indents.
    [GeneratedRegex("""^(?:import|export)\b.*$|^(?:[^`\n]*`[^`\n]*`)*[^`\n]*`[^`\n]*$|\bimport\(.*$""", RegexOptions.Multiline, 1000)]
    private static partial Regex NotUnderstood();

    // Lines that are nothing else.
    [GeneratedRegex("""^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)\n""", RegexOptions.Multiline, 1000)]
    private static partial Regex Comment();

    // And lines that are empty.
    [GeneratedRegex("""^\s+""", RegexOptions.Multiline, 1000)]
    private static partial Regex Indent();

    private sealed record Made(string Address, PackedText Text);
}
