namespace ChatShare.Core.People;

/// <summary>The way a person came in. Stored by value: never renumber.</summary>
public enum Door
{
    /// <summary>A Blazor circuit.</summary>
    Browser = 0,

    /// <summary>The command-line client.</summary>
    Cli = 1,

    /// <summary>A script over HTTP.</summary>
    Api = 2,

    /// <summary>A client of the old TCP protocol.</summary>
    Tcp = 3,
}
