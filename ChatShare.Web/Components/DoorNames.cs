using ChatShare.Core.People;

namespace ChatShare.Web.Components;

/// <summary>What people read for a door.</summary>
internal static class DoorNames
{
    /// <summary>Browser, CLI, API or TCP.</summary>
    public static string Name(this Door door) => door switch
    {
        Door.Browser => "Browser",
        Door.Cli => "CLI",
        Door.Api => "API",
        _ => "TCP",
    };

    /// <summary>The mark beside a name: none for the usual door.</summary>
    public static string? Mark(this Door door) => door == Door.Browser ? null : door.Name();
}
