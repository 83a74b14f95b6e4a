using System.Security.Cryptography;
using System.Text;

namespace ChatShare.Cli.State;

/// <summary>
/// Says to the other processes of this user that a sign-in is used, so that none of them ends it. It is a lock on a file, which ends with
/// this process, however that ends.
/// </summary>
internal sealed class SignInUse : IDisposable
{
    // Longer than a chat that leaves waits for the server.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string _path;
    private readonly FileStream _shared;

    private SignInUse(string path, FileStream shared)
    {
        _path = path;
        _shared = shared;
    }

    /// <summary>Waits until nobody is about to end it. What is saved is to be looked at after that.</summary>
    /// <exception cref="Failure">The file cannot be made, or is held for too long.</exception>
    public static async Task<SignInUse> BeginAsync(Folders folders, string server, string nickname, CancellationToken cancellationToken)
    {
        // The same for every way to write a name. A hash, because neither of them need be good in the name of a file.
        var who = $"{server}\n{nickname.Trim().Normalize().ToUpperInvariant()}";
        var path = Path.Combine(folders.Config, $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(who)))[..16]}.used");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        while (true)
        {
            try
            {
                Folders.Make(folders.Config);
                var shared = new FileStream(path, Options(FileAccess.Read, FileShare.Read));
                // Whoever ended it between the opening and the lock has taken the file away, and a lock on that is worth nothing.
                if (File.Exists(path))
                    return new SignInUse(path, shared);
                await shared.DisposeAsync();
            }
            catch (IOException) when (!patience.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new Failure(ExitCode.LocalFile, $"{path} cannot be locked: {e.Message}", e);
            }
        }
    }

    /// <summary>
    /// Ends this use, and begins another that nobody shares: until it is disposed the others wait. Null when somebody else uses the
    /// sign-in; of several that leave together the last one has it alone.
    /// </summary>
    public IDisposable? EndAlone()
    {
        Dispose();
        try
        {
            // The file goes with it: it says nothing any more.
            return new FileStream(_path, Options(FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <inheritdoc />
    public void Dispose() => _shared.Dispose();

    private static FileStreamOptions Options(FileAccess access, FileShare share, FileOptions options = FileOptions.None)
    {
        var made = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = access, Share = share, Options = options };
        if (!OperatingSystem.IsWindows())
            made.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return made;
    }
}
