using System.Globalization;
using System.Runtime.CompilerServices;
using ChatShare.Core.Files;

namespace ChatShare.Web.Components.Files;

/// <summary>How a progress looks.</summary>
/// <param name="Text">"34 % · 96 MB/s · 1 min left", or what is known of it.</param>
/// <param name="Percent">0–100.</param>
/// <param name="Style">The share that is here, from 0 to 1, as <c>--p</c> for CSS.</param>
internal sealed record ProgressFace(string Text, string Percent, string Style)
{
    private static readonly ConditionalWeakTable<UploadProgress, ProgressFace> Known = [];

    /// <summary>For one page.</summary>
    public static ProgressFace Of(UploadProgress progress) =>
        new(Describe(progress), progress.Percent.ToString(CultureInfo.InvariantCulture), $"--p:{Fraction(progress)}");

    /// <summary>For a progress that the room tells everybody, four times a second: the words are made once for all pages.</summary>
    public static ProgressFace Shared(UploadProgress progress) => Known.GetValue(progress, Of);

    private static string Describe(UploadProgress progress)
    {
        if (progress is { Received: 0, IsChecking: false })
            return progress.IsPaused ? ByteSize.Format(progress.Length) : $"{ByteSize.Format(progress.Length)} · waiting";
        if (progress.IsChecking)
            return $"{ByteSize.Format(progress.Length)} · checking";
        var text = $"{progress.Percent} %";
        if (progress.IsPaused)
            return $"{text} of {ByteSize.Format(progress.Length)}";
        if (progress.BytesPerSecond >= 1)
            text += $" · {ByteSize.Format((long)progress.BytesPerSecond)}/s";
        return progress.TimeLeft is { } left && progress.Received < progress.Length ? $"{text} · {TimeLeft(left)} left" : text;
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
