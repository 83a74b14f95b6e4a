using Microsoft.AspNetCore.Identity;

namespace ChatShare.Core.People;

/// <summary>Someone with a password. Their user name is a nickname that no guest can take.</summary>
public sealed class Account : IdentityUser<Guid>
{
    /// <summary>May see who is connected, end sessions, delete files and messages.</summary>
    public bool IsAdministrator { get; set; }

    /// <summary><see cref="Nickname.Key"/> of the user name, unique among accounts and looked up when a guest joins.</summary>
    public string NicknameKey { get; set; } = "";
}
