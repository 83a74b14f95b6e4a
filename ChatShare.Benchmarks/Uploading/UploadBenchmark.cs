namespace ChatShare.Benchmarks.Uploading;

/// <summary>How fast files come in, from a real browser and from a foreign client, and what they cost the server's memory.</summary>
internal static class UploadBenchmark
{
    private const int MostRoundsFar = 3;

    public static async Task<int> RunAsync(CommandLine options, CancellationToken cancellationToken)
    {
        var isShort = options.Has("--short");
        var rounds = options.Number("--rounds", isShort ? 1 : 5);
        var (size, stockSize) = isShort ? (128, 8) : (1024, 128);
        Machine.Print();
        var isGood = true;
        if (IsWanted("near"))
            isGood &= await BrowserUploads.RunAsync(isFar: false, size, stockSize, rounds, cancellationToken);
        // Stock InputFile takes minutes for each file there.
        if (IsWanted("far"))
            isGood &= await BrowserUploads.RunAsync(isFar: true, size, isShort ? 2 : stockSize, Math.Min(rounds, MostRoundsFar), cancellationToken);
        if (IsWanted("tus"))
            isGood &= await TusUploads.RunAsync(size, rounds, options.Has("--install"), cancellationToken);
        if (IsWanted("memory"))
            await UploadMemory.RunAsync(isShort, rounds, cancellationToken);
        return isGood ? 0 : 1;

        bool IsWanted(string part) => options.Text("--only") is not { } only || only.Split(',').Contains(part);
    }
}
