using System.Text.Json.Serialization;
using ChatShare.Cli.Http;

namespace ChatShare.Cli.State;

/// <summary>Who this user is at a server.</summary>
/// <param name="Server">Without a slash at the end.</param>
/// <param name="Nickname">As the server writes it.</param>
/// <param name="Token">For <c>Authorization</c>.</param>
/// <param name="ExpiresAt">After it the token is worth nothing.</param>
internal sealed record SavedSignIn(string Server, string Nickname, string Token, DateTimeOffset ExpiresAt)
{
    /// <summary>The SHA-256 of the certificate that was named when it was made; null when the machine trusts the server.</summary>
    public string? TrustedCertificate { get; init; }

    /// <summary>Made by <c>join</c>; the last one that leaves ends it. A crash leaves it for the next <c>join</c>.</summary>
    public bool IsForOneChat { get; init; }

    /// <summary>Whether it is this person's at this server.</summary>
    public bool Is(string server, string? nickname) =>
        Server == server && (nickname is null || Nickname.Equals(nickname.Trim(), StringComparison.OrdinalIgnoreCase));
}

/// <summary>All of them; the last one counts where none is named.</summary>
internal sealed record SavedSignIns(IReadOnlyList<SavedSignIn?>? SignIns)
{
    /// <summary>Those that say who is where. What is left of a damaged one is worth nothing, and is gone when the file is written again.</summary>
    [JsonIgnore]
    public IEnumerable<SavedSignIn> Whole => (SignIns ?? []).OfType<SavedSignIn>().Where(
        saved => ServerAddress.TryParse(saved.Server, out _) && saved.Nickname is not null && ChatShareClient.IsToken(saved.Token));
}

/// <summary>How it is written.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(SavedSignIns))]
[JsonSerializable(typeof(UploadNotes))]
internal sealed partial class StateJson : JsonSerializerContext;

/// <summary>The file of saved sign-ins.</summary>
internal sealed class SignIns(Folders folders, Action<string> warn)
{
    private readonly PrivateFile<SavedSignIns> _file = new(Path.Combine(folders.Config, "sign-ins.json"), StateJson.Default.SavedSignIns);

    /// <summary>The one to use.</summary>
    /// <param name="server">Null for the last one.</param>
    /// <param name="nickname">Null for the last one at this server.</param>
    public SavedSignIn? Find(string? server, string? nickname) =>
        (_file.Read(warn)?.Whole ?? []).LastOrDefault(saved => saved.Is(server ?? saved.Server, nickname));

    /// <summary>Adds or replaces one, which is the last one then.</summary>
    public Task SaveAsync(SavedSignIn signIn, CancellationToken cancellationToken) => _file.ChangeAsync(
        saved => new([.. Without(saved, signIn.Server, signIn.Nickname), signIn]), warn, cancellationToken);

    /// <summary>Takes one out.</summary>
    public Task ForgetAsync(SavedSignIn signIn, CancellationToken cancellationToken) => _file.ChangeAsync(
        saved => new([.. Without(saved, signIn.Server, signIn.Nickname)]), warn, cancellationToken);

    private static IEnumerable<SavedSignIn> Without(SavedSignIns? saved, string server, string nickname) =>
        (saved?.Whole ?? []).Where(other => !other.Is(server, nickname));
}
