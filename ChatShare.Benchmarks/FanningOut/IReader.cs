namespace ChatShare.Benchmarks.FanningOut;

/// <summary>Somebody whom messages reach, by whatever way.</summary>
internal interface IReader : IAsyncDisposable
{
    /// <summary>How long nothing has come.</summary>
    TimeSpan Quiet { get; }

    /// <summary>What was not as it should be.</summary>
    IEnumerable<string> Faults { get; }

    /// <summary>Done when the message with this index in the sender's count has arrived.</summary>
    Task ReadUntil(int index);
}
