using System.CommandLine;
using System.Net;
using ChatShare.Cli.Http;
using ChatShare.Cli.State;
using ChatShare.Cli.Terminal;

namespace ChatShare.Cli.Commands;

/// <summary>What a command needs: the options that it shares with others, the terminal, what was saved, and a server.</summary>
internal sealed class CommandContext(CommonOptions options, Output output, Interrupts interrupts)
{
    private static readonly Func<string, string?> Variable = Environment.GetEnvironmentVariable;

    private readonly Folders _folders = Folders.Of(Variable);

    /// <summary>Where results go.</summary>
    public Output Output => output;

    /// <summary>Ctrl+C.</summary>
    public Interrupts Interrupts => interrupts;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; } = TimeProvider.System;

    /// <summary>The options that every command takes.</summary>
    public CommonOptions Options => options;

    /// <summary>What was saved of sign-ins.</summary>
    public SignIns SignIns => new(_folders, output.Note);

    /// <summary>What was noted about uploads.</summary>
    public UploadMemory Uploads => new(_folders, Time, output.Note);

    /// <summary>The server that the command line, the environment or the last sign-in names, not asked anything yet.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="address">Beats all of them; null when the command has no such argument.</param>
    public Target FindTarget(ParseResult parsed, string? address = null)
    {
        var named = Blank(address) ?? Blank(parsed.GetValue(options.Server)) ?? Blank(Variable("CHATSHARE_SERVER"));
        if (named is not null && !ServerAddress.TryParse(named, out _))
            throw new Failure(ExitCode.Usage, $"“{named}” is no address of a server. One looks like http://host:5080.");
        var nickname = Blank(parsed.GetValue(options.Nick));
        var server = ServerAddress.TryParse(named, out var uri) ? ServerAddress.Text(uri) : null;
        var saved = SignIns.Find(server, nickname);
        server ??= saved?.Server ?? SignIns.Find(server: null, nickname: null)?.Server
            ?? throw new Failure(ExitCode.Usage, "Which server? Name it: --server http://host:5080");
        var certificate = parsed.GetValue(options.TrustCertificate) is { } sha256
            ? TrustedCertificate.Parse(sha256)
            : (saved ?? SignIns.Find(server, nickname: null))?.TrustedCertificate;
        return new(new Uri(server + "/"), nickname, saved, certificate);
    }

    /// <summary>Signed in at the server: by the token of the environment, by a saved sign-in, or by the nickname of the command line.</summary>
    /// <exception cref="Failure">There is none of them, or the server refuses.</exception>
    public async Task<SignedIn> SignInAsync(ParseResult parsed, CancellationToken cancellationToken, string? address = null, bool isForOneChat = false)
    {
        var target = FindTarget(parsed, address);
        if (Blank(Variable("CHATSHARE_TOKEN")) is { } token)
            return await ByTokenAsync(target, token, cancellationToken);
        if ((target.Nickname ?? target.Saved?.Nickname) is not { } nickname)
        {
            throw new Failure(
                ExitCode.NotSignedIn, $"Nobody is signed in at {ServerAddress.Text(target.Server)}. Say who you are: --nick Ann, or chatshare signin");
        }

        if (!(target.Saved?.IsForOneChat ?? isForOneChat))
            return await SignInAsync(target, isForOneChat, use: null, cancellationToken);
        var server = ServerAddress.Text(target.Server);
        var use = await SignInUse.BeginAsync(_folders, server, nickname, cancellationToken);
        try
        {
            // A chat that left meanwhile has ended it.
            return await SignInAsync(target with { Saved = SignIns.Find(server, nickname) }, isForOneChat, use, cancellationToken);
        }
        catch
        {
            use.Dispose();
            throw;
        }
    }

    private async Task<SignedIn> SignInAsync(Target target, bool isForOneChat, SignInUse? use, CancellationToken cancellationToken)
    {
        var client = new ChatShareClient(target.Server, target.Saved?.Token, target.TrustedCertificate);
        try
        {
            var isFresh = target.Saved is { } saved && saved.ExpiresAt - Time.GetUtcNow() > TimeSpan.FromDays(15);
            // A name that was given is joined under if the saved sign-in is worth nothing any more; without one it is asked for when needed.
            if (isFresh && target.Nickname is null)
                return new(client, target.Saved!, use);
            var opened = target.Nickname is null
                ? await RenewAsync(client, $"Your sign-in at {ServerAddress.Text(target.Server)} has ended. Sign in again: chatshare signin", cancellationToken)
                : await client.OpenSessionAsync(new(target.Nickname, null, null), cancellationToken);
            var signIn = new SavedSignIn(ServerAddress.Text(target.Server), opened.Nickname, opened.AccessToken, Time.GetUtcNow().AddSeconds(opened.ExpiresIn))
            {
                TrustedCertificate = target.TrustedCertificate,
                IsForOneChat = target.Saved?.IsForOneChat ?? isForOneChat,
            };
            await SignIns.SaveAsync(signIn, cancellationToken);
            client.Token = opened.AccessToken;
            return new(client, signIn, use);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private async Task<SignedIn> ByTokenAsync(Target target, string token, CancellationToken cancellationToken)
    {
        if (!ChatShareClient.IsToken(token))
            throw new Failure(ExitCode.NotSignedIn, "What stands in CHATSHARE_TOKEN is no token.");
        var client = new ChatShareClient(target.Server, token, target.TrustedCertificate);
        try
        {
            // Also tells whose it is.
            var opened = await RenewAsync(client, "The token in CHATSHARE_TOKEN is not valid, or too old.", cancellationToken);
            return new(client, new(ServerAddress.Text(target.Server), opened.Nickname, token, Time.GetUtcNow().AddSeconds(opened.ExpiresIn)));
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>By the token alone: without a nickname nobody joins, and so a token that is worth nothing is a request without sense.</summary>
    private static async Task<OpenedSession> RenewAsync(ChatShareClient client, string otherwise, CancellationToken cancellationToken)
    {
        try
        {
            return await client.OpenSessionAsync(new(null, null, null), cancellationToken);
        }
        catch (Failure failure) when (failure.Status == HttpStatusCode.BadRequest)
        {
            throw new Failure(ExitCode.NotSignedIn, otherwise, failure);
        }
    }

    private static string? Blank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}

/// <summary>A server, and who is to be there.</summary>
/// <param name="Server">Ends with a slash.</param>
/// <param name="Nickname">As it was given; null when none was.</param>
/// <param name="Saved">The sign-in that fits; null when there is none.</param>
/// <param name="TrustedCertificate">The SHA-256 of a certificate to trust; null for none.</param>
internal sealed record Target(Uri Server, string? Nickname, SavedSignIn? Saved, string? TrustedCertificate);

/// <summary>A server that knows who asks.</summary>
/// <param name="Client">Has the token.</param>
/// <param name="Who">As it is saved, if it is.</param>
/// <param name="Use">Of a sign-in that ends with the last chat; null for one that stays.</param>
internal sealed record SignedIn(ChatShareClient Client, SavedSignIn Who, SignInUse? Use = null) : IDisposable
{
    /// <inheritdoc />
    public void Dispose()
    {
        Client.Dispose();
        Use?.Dispose();
    }
}
