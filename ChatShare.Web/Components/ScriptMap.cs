using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Components;

namespace ChatShare.Web.Components;

/// <summary>
/// Tells browsers under which address to ask for each script: one that changes with what is in it, so that it is asked for once and not
/// again when everybody's page loads itself anew after a restart. Scripts go on naming each other by their plain names.
/// </summary>
internal sealed class ScriptMap
{
    private static readonly ConditionalWeakTable<ResourceAssetCollection, ScriptMap> Made = [];

    private ScriptMap(ResourceAssetCollection assets)
    {
        Definition = new ImportMapDefinition(Scripts(assets).ToDictionary(script => $"./{script.Name}", script => $"./{script.Url}"), null, null);
        Source = $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Definition.ToString())))}'";
    }

    /// <summary>What the page says.</summary>
    public ImportMapDefinition Definition { get; }

    /// <summary>The map has to stand in the page itself; its hash allows this one text and no other.</summary>
    public string Source { get; }

    /// <summary>One for all pages of an application.</summary>
    public static ScriptMap Of(ResourceAssetCollection assets) => Made.GetValue(assets, static assets => new ScriptMap(assets));

    private static IEnumerable<(string Name, string Url)> Scripts(ResourceAssetCollection assets) =>
        from asset in assets
        from property in asset.Properties ?? []
        where property.Name == "label" && property.Value.StartsWith("js/", StringComparison.Ordinal) && property.Value.EndsWith(".js", StringComparison.Ordinal)
        select (property.Value, asset.Url);
}
