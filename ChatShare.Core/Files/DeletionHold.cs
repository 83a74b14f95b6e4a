using ChatShare.Core.Storage;

namespace ChatShare.Core.Files;

/// <summary>A lock in the downloads folder that holds back the deletion of contents, at every program that uses the folder.</summary>
internal sealed class DeletionHold(string root)
{
    private const int MostLooks = 20;

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    private readonly string _hold = Path.Combine(root, "backup.lock");

    /// <summary>
    /// No program deletes a content until what is returned is disposed; what it would delete stays condemned. The system lets go of it however the program ends.
    /// </summary>
    /// <exception cref="StorageException">Another program holds them, or the folder cannot be written.</exception>
    public async Task<IDisposable> HoldAsync(CancellationToken cancellationToken)
    {
        // Whoever looks (AreHeld) is in the way for a moment.
        for (var look = 0; ; look++)
        {
            try
            {
                Directory.CreateDirectory(root);
                var hold = new FileStream(_hold, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                LetOthersLook();
                return hold;
            }
            catch (IOException) when (look < MostLooks && File.Exists(_hold))
            {
                await Task.Delay(LookAgain, cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StorageException($"The downloads folder {root} (ChatShare:Downloads:Directory) is held by another backup, or cannot be written: {e.Message}", e);
            }
        }
    }

    /// <summary>
    /// Whether <see cref="HoldAsync"/> is in force. To be asked after the rows of a content have let go of it: a backup that begins later does not
    /// name it then.
    /// </summary>
    public bool AreHeld()
    {
        if (!File.Exists(_hold))
            return false;
        try
        {
            new FileStream(_hold, FileMode.Open, FileAccess.Read, FileShare.Read).Dispose();
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Also when it cannot be told: a content that stays too long is no loss.
            return true;
        }
    }

    /// <summary>A backup by somebody else, as by root, who gives others no rights, would hold deletions for ever.</summary>
    private void LetOthersLook()
    {
        if (OperatingSystem.IsWindows() || File.GetUnixFileMode(_hold).HasFlag(UnixFileMode.OtherRead))
            return;
        try
        {
            File.SetUnixFileMode(_hold, File.GetUnixFileMode(_hold) | UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
        catch (UnauthorizedAccessException)
        {
            // It is another's, who gave this program the right to write.
            return;
        }
    }
}
