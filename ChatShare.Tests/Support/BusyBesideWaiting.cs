using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(ChatShare.Tests.Support.BusyBesideWaiting))]

namespace ChatShare.Tests.Support;

/// <summary>
/// Tests in a browser keep the processor busy, the others mostly wait for something: a class of the former begins with some of the latter beside it,
/// which leaves no core with nothing to do. What takes long begins first, for a class runs in one go, and one of a minute that began last would be
/// waited for by itself.
/// </summary>
public sealed class BusyBesideWaiting : ITestCollectionOrderer
{
    private const string Browser = ".EndToEnd.";

    // By the time that they take: all of them together are done some time before the last of the others.
    private const int OthersForOne = 4;

    private static readonly string[] LongOnes = [".Cluster.", ".Gateway.", ".Cli.", ".Files.", ".Reliability.", ".Storage."];

    /// <inheritdoc />
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection
    {
        var browser = new Queue<TTestCollection>(testCollections.Where(IsInBrowser).OrderBy(NameOf, StringComparer.Ordinal));
        var others = new Queue<TTestCollection>(testCollections.Where(one => !IsInBrowser(one)).OrderBy(PlaceOf).ThenBy(NameOf, StringComparer.Ordinal));
        var ordered = new List<TTestCollection>();
        while (browser.Count + others.Count > 0)
        {
            if (browser.TryDequeue(out var one))
                ordered.Add(one);
            for (var i = 0; i < OthersForOne && others.TryDequeue(out var other); i++)
                ordered.Add(other);
        }

        return ordered;
    }

    private static string NameOf<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection =>
        collection.TestCollectionDisplayName;

    // The classes of few tests are one collection, by the name of what they are.
    private static bool IsInBrowser<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection =>
        NameOf(collection).Contains(Browser, StringComparison.Ordinal) || NameOf(collection) == EndToEnd.FewTests.Name;

    private static int PlaceOf<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection
    {
        var place = Array.FindIndex(LongOnes, folder => NameOf(collection).Contains(folder, StringComparison.Ordinal));
        return place < 0 ? LongOnes.Length : place;
    }
}
