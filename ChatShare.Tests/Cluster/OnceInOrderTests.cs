namespace ChatShare.Tests.Cluster;

/// <summary>A checker that finds nothing has to be known for finding something.</summary>
public sealed class OnceInOrderTests
{
    private static readonly Had[] Stored = [new(1, "a"), new(2, "b"), new(3, "c")];
    private static readonly Dictionary<string, long> Told = Stored.ToDictionary(message => message.ClientId, message => message.Number);

    [Fact]
    public void Nothing_is_wrong_with_what_everybody_has()
    {
        Assert.Empty(OnceInOrder.Faults(Told, Stored, new Dictionary<string, View> { ["reader"] = new(Stored), ["page"] = new(Stored[1..], IsWhole: false) }));
        Assert.Empty(OnceInOrder.Faults(new Dictionary<string, long>(), [], new Dictionary<string, View> { ["page"] = new([], IsWhole: false) }));
    }

    [Theory]
    [InlineData("a doubled", "1a 1a 2b 3c")]
    [InlineData("doubled later", "1a 2b 3c 1a")]
    [InlineData("under another number", "1a 2b 3b 3c")]
    [InlineData("missing first", "2b 3c")]
    [InlineData("missing within", "1a 3c")]
    [InlineData("missing last", "1a 2b")]
    [InlineData("swapped", "1a 3c 2b")]
    [InlineData("another one", "1a 2x 3c")]
    [InlineData("nothing", "")]
    public void View_that_is_not_the_databases_is_found(string what, string view)
    {
        var fault = Assert.Single(OnceInOrder.Faults(Told, Stored, new Dictionary<string, View> { [what] = new(Read(view)) }));

        Assert.StartsWith(what + " has ", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2b")]
    [InlineData("2b 2b 3c")]
    [InlineData("1a 3c")]
    [InlineData("")]
    public void Page_that_has_a_hole_or_no_end_is_found(string view) =>
        Assert.Single(OnceInOrder.Faults(Told, Stored, new Dictionary<string, View> { ["page"] = new(Read(view), IsWhole: false) }));

    [Theory]
    [InlineData("1a 2b", "is lost")]
    [InlineData("1a 2b 3c 4c", "had it as 3 before")]
    [InlineData("1a 3b 4c", "in the place of 2", "was told 2", "was told 3")]
    [InlineData("1a 2c 3b", "was told 3", "was told 2")]
    [InlineData("1a 2b 3c 4d", "nobody was told of")]
    public void Database_that_has_not_what_was_acknowledged_is_found(string stored, params string[] told)
    {
        var faults = OnceInOrder.Faults(Told, Read(stored), new Dictionary<string, View>());

        Assert.Equal(told.Length, faults.Count);
        Assert.All(told, words => Assert.Contains(faults, fault => fault.Contains(words, StringComparison.Ordinal)));
    }

    [Fact]
    public void Hole_is_one_unless_something_else_has_its_number()
    {
        Had[] stored = [new(2, "a"), new(4, "b")];
        var told = stored.ToDictionary(message => message.ClientId, message => message.Number);

        Assert.Empty(OnceInOrder.Faults(told, stored, new Dictionary<string, View>(), new HashSet<long> { 1, 3 }));
        Assert.Single(OnceInOrder.Faults(told, stored, new Dictionary<string, View>(), new HashSet<long> { 1 }));
    }

    private static Had[] Read(string messages) =>
        [.. messages.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(message => new Had(message[0] - '0', message[1..]))];
}
