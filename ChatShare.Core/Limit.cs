namespace ChatShare.Core;

/// <summary>What somebody may be refused for asking too much; named like the setting where there is one.</summary>
public enum Limit
{
    /// <summary><see cref="LimitOptions.MessagesPerSecond"/>.</summary>
    MessagesPerSecond,

    /// <summary><see cref="LimitOptions.RoomsPerHour"/>.</summary>
    RoomsPerHour,

    /// <summary><see cref="LimitOptions.UploadsPerMinute"/>.</summary>
    UploadsPerMinute,

    /// <summary><see cref="LimitOptions.UploadsPerPerson"/>.</summary>
    UploadsPerPerson,

    /// <summary>Looks that cost the server much, such as comparing a file that is chosen again.</summary>
    Looks,

    /// <summary><see cref="LimitOptions.PersonBytes"/>.</summary>
    PersonBytes,

    /// <summary><see cref="LimitOptions.RoomBytes"/>.</summary>
    RoomBytes,

    /// <summary><see cref="LimitOptions.TotalBytes"/>.</summary>
    TotalBytes,

    /// <summary><see cref="DownloadOptions.MinimumFreeBytes"/>, and a disk that has not what is asked for.</summary>
    MinimumFreeBytes,

    /// <summary><see cref="LimitOptions.JoinsPerMinutePerAddress"/>.</summary>
    JoinsPerMinutePerAddress,

    /// <summary><see cref="LimitOptions.SignInsPerMinutePerAddress"/>.</summary>
    SignInsPerMinutePerAddress,

    /// <summary><see cref="LimitOptions.CircuitsPerPerson"/>.</summary>
    CircuitsPerPerson,

    /// <summary><see cref="LimitOptions.CircuitsPerAddress"/>.</summary>
    CircuitsPerAddress,

    /// <summary><see cref="LimitOptions.Circuits"/>.</summary>
    Circuits,

    /// <summary><see cref="LimitOptions.TcpConnectionsPerAddress"/>.</summary>
    TcpConnectionsPerAddress,

    /// <summary><see cref="LimitOptions.TcpJoinsPerSecondPerAddress"/>, when too many wait for their turn.</summary>
    TcpJoinsPerSecondPerAddress,

    /// <summary><see cref="LimitOptions.ApiRequestsPerSecond"/>.</summary>
    ApiRequestsPerSecond,

    /// <summary><see cref="LimitOptions.EventStreamsPerPerson"/>.</summary>
    EventStreamsPerPerson,
}
