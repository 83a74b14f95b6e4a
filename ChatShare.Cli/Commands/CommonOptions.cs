using System.CommandLine;
using ChatShare.Cli.Http;

namespace ChatShare.Cli.Commands;

/// <summary>The options that every command takes.</summary>
internal sealed class CommonOptions
{
    public CommonOptions()
    {
        Server.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !ServerAddress.TryParse(text, out _))
                result.AddError($"“{text}” is no address of a server. One looks like http://host:5080.");
        });
        TrustCertificate.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && TrustedCertificate.Parse(text) is null)
                result.AddError("--trust-certificate takes a SHA-256: 64 hexadecimal digits.");
        });
    }

    /// <summary>Which server.</summary>
    public Option<string?> Server { get; } = new("--server", "-s")
    {
        Description = "The server's address, such as http://host:5080. Otherwise that of CHATSHARE_SERVER, or of the last sign-in.",
        HelpName = "address",
        Recursive = true,
    };

    /// <summary>Under which name.</summary>
    public Option<string?> Nick { get; } = new("--nick", "-n")
    {
        Description = "Your nickname: a saved sign-in of this name is used, or one is made. Otherwise the last sign-in at this server.",
        HelpName = "nickname",
        Recursive = true,
    };

    /// <summary>For programs.</summary>
    public Option<bool> Json { get; } = new("--json") { Description = "Results as JSON, one value on a line.", Recursive = true };

    /// <summary>For a certificate that this machine does not trust.</summary>
    public Option<string?> TrustCertificate { get; } = new("--trust-certificate")
    {
        Description = "Trust the server's certificate if this is its SHA-256. A sign-in remembers it.",
        HelpName = "sha256",
        Recursive = true,
    };

    /// <summary>Not of every command: made anew for those that are about a room.</summary>
    public static Option<string> Room() => new("--room", "-r")
    {
        Description = "The room.",
        HelpName = "room",
        DefaultValueFactory = _ => "Lobby",
    };

    /// <summary>Adds them to the root, from where every command has them.</summary>
    public void AddTo(RootCommand root)
    {
        root.Options.Add(Server);
        root.Options.Add(Nick);
        root.Options.Add(Json);
        root.Options.Add(TrustCertificate);
    }
}
