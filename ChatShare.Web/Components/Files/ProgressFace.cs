using System.Globalization;
using System.Runtime.CompilerServices;
using ChatShare.Core.Files;

namespace ChatShare.Web.Components.Files;

/// <summary>How a progress looks.</summary>
/// <param name="Amount">"34 %", or what is known of it.</param>
/// <param name="Pace">" · 96 MB/s · 1 min left", or what is known of it; may be empty.</param>
/// <param name="Percent">0–100.</param>
/// <param name="Style">The share that is here, from 0 to 1, as <c>--p</c> for CSS.</param>
internal sealed record ProgressFace(string Amount, string Pace, string Percent, string Style)
{
    private static readonly ConditionalWeakTable<UploadProgress, ProgressFace> Known = [];

    /// <summary>All that is said of it.</summary>
    public string Text { get; } = Amount + Pace;

    /// <summary>For one page.</summary>
    public static ProgressFace Of(UploadProgress progress) =>
        new(AmountOf(progress), PaceOf(progress), progress.Percent.ToString(CultureInfo.InvariantCulture), $"--p:{Fraction(progress)}");

    /// <summary>For a progress that the room tells everybody, four times a second: the words are made once for all pages.</summary>
    public static ProgressFace Shared(UploadProgress progress) => Known.GetValue(progress, Of);

    private static string AmountOf(UploadProgress progress)
    {
        if (progress is { Received: 0, IsChecking: false })
            return progress.IsPaused ? ByteSize.Format(progress.Length) : $"{ByteSize.Format(progress.Length)} · waiting";
        if (progress.IsChecking)
            return $"{ByteSize.Format(progress.Length)} · checking";
        return progress.IsPaused ? $"{progress.Percent} % of {ByteSize.Format(progress.Length)}" : $"{progress.Percent} %";
    }

    private static string PaceOf(UploadProgress progress)
    {
        if (progress is { Received: 0 } or { IsChecking: true } or { IsPaused: true } or { BytesPerSecond: < 1 })
            return "";
        var pace = $" · {ByteSize.Format((long)progress.BytesPerSecond)}/s";
        return progress.TimeLeft is { } left && progress.Received < progress.Length ? $"{pace} · {TimeLeft(left)} left" : pace;
    }

    private static string Fraction(UploadProgress progress) =>
        (progress.Length == 0 ? 0 : (double)progress.Received / progress.Length).ToString("0.####", CultureInfo.InvariantCulture);

    private static string TimeLeft(TimeSpan left) => left switch
    {
        { TotalSeconds: < 60 } => $"{Math.Max(1, (int)Math.Ceiling(left.TotalSeconds))} s",
        { TotalMinutes: < 60 } => $"{(int)Math.Ceiling(left.TotalMinutes)} min",
        { TotalHours: < 48 } => $"{(int)Math.Ceiling(left.TotalHours)} h",
        _ => $"{(int)Math.Ceiling(left.TotalDays)} days",
    };
}
