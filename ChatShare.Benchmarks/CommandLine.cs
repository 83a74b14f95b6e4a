using System.Globalization;

namespace ChatShare.Benchmarks;

/// <summary>The options after the name of a benchmark: <c>--name value</c>, or <c>--name</c> for a switch.</summary>
internal sealed class CommandLine
{
    private readonly Dictionary<string, string> _values = [];

    public CommandLine(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
                throw new ArgumentException($"“{args[i]}” is no option.", nameof(args));
            var hasValue = i + 1 < args.Count && !args[i + 1].StartsWith("--", StringComparison.Ordinal);
            _values[args[i]] = hasValue ? args[++i] : "";
        }
    }

    public bool Has(string name) => _values.ContainsKey(name);

    public int Number(string name, int standard) =>
        _values.TryGetValue(name, out var value) ? int.Parse(value, CultureInfo.InvariantCulture) : standard;

    /// <returns>Null when it was not given.</returns>
    public string? Text(string name) => _values.GetValueOrDefault(name);

    public static int Help()
    {
        Console.Error.WriteLine(
            """
            dotnet run -c Release --project ChatShare.Benchmarks -- log    [--rounds 5] [--seconds 2] [--short]
            dotnet run -c Release --project ChatShare.Benchmarks -- fanout [--rounds 3] [--only steady,burst,scale,memory,arrival] [--circuits N] [--short]
            dotnet run -c Release --project ChatShare.Benchmarks -- upload   [--rounds 5] [--only near,far,tus,memory] [--install] [--short]
            dotnet run -c Release --project ChatShare.Benchmarks -- download [--rounds 11] [--install] [--short]
            dotnet run -c Release --project ChatShare.Benchmarks -- gateway  [--rounds 7] [--only speed,memory] [--short]
            dotnet run -c Release --project ChatShare.Benchmarks -- stall    [--rounds 5] [--circuits 200] [--stalled 20] [--rate 5] [--seconds 20] [--short]
            dotnet run -c Release --project ChatShare.Benchmarks -- load     [--rounds 10] [--install] [--short]
            dotnet run -c Release --project ChatShare.Benchmarks -- nodes    [--rounds 3] [--only cost,speed,hop] [--circuits 300] [--rate 5] [--short]
            dotnet run -c Release --project ChatShare.Benchmarks -- soak     [--minutes 20] [--people 20]
            What they count is told in docs/benchmarks.md.
            """);
        return 2;
    }
}
