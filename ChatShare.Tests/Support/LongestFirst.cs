using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(ChatShare.Tests.Support.LongestFirst))]

namespace ChatShare.Tests.Support;

/// <summary>
/// What takes long begins first: a class of a minute that begins last is waited for by itself, with a core that does nothing. A class runs in one go,
/// and those of these folders have the long ones.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Folders = ["EndToEnd", "Cluster", "Gateway", "Cli", "Files", "Reliability", "Storage"];

    /// <inheritdoc />
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(PlaceOf).ThenBy(collection => collection.TestCollectionDisplayName, StringComparer.Ordinal)];

    private static int PlaceOf<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection
    {
        var place = Array.FindIndex(Folders, folder => collection.TestCollectionDisplayName.Contains($".{folder}.", StringComparison.Ordinal));
        return place < 0 ? Folders.Length : place;
    }
}
