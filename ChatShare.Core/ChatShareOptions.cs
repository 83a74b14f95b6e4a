namespace ChatShare.Core;

/// <summary>Everything under <c>ChatShare</c> in the settings. Relative folders are taken from the content root.</summary>
public sealed class ChatShareOptions
{
    /// <summary>The name of the section.</summary>
    public const string Section = "ChatShare";

    /// <summary>Database and cookie keys. Default <c>data</c>.</summary>
    public string DataDirectory { get; set; } = "data";

    /// <summary>Which database holds everything but the files.</summary>
    public StorageOptions Storage { get; set; } = new();

    /// <summary>Where shared files are kept.</summary>
    public DownloadOptions Downloads { get; set; } = new();

    /// <summary>The door for the clients of the old TCP protocol.</summary>
    public GatewayOptions Gateway { get; set; } = new();

    /// <summary>What one person or address may do.</summary>
    public LimitOptions Limits { get; set; } = new();

    /// <summary>A program that looks at each file before anybody can read it.</summary>
    public ScanOptions Scan { get; set; } = new();

    /// <summary>The first administrator without a browser.</summary>
    public AdminOptions Admin { get; set; } = new();

    /// <summary>Several programs that are one chat.</summary>
    public ClusterOptions Cluster { get; set; } = new();

    /// <summary>How long nicknames are held.</summary>
    public PeopleOptions People { get; set; } = new();

    /// <summary>Who may read <c>/metrics</c> besides this machine.</summary>
    public MetricsOptions Metrics { get; set; } = new();

    /// <summary>Addresses (<c>10.0.0.5</c>) or networks (<c>10.0.0.0/8</c>) whose <c>X-Forwarded-*</c> headers are believed. Default none.</summary>
    public IList<string> TrustedProxies { get; } = [];
}

/// <summary>What keeps everything that is not a file.</summary>
public enum StorageProvider
{
    /// <summary>A file in <see cref="ChatShareOptions.DataDirectory"/>, for one machine.</summary>
    Sqlite,

    /// <summary>A server, which several machines can share.</summary>
    PostgreSql,
}

/// <summary>Settings under <c>ChatShare:Storage</c>.</summary>
public sealed class StorageOptions
{
    /// <summary>Default <see cref="StorageProvider.Sqlite"/>.</summary>
    public StorageProvider Provider { get; set; }

    /// <summary>
    /// How to reach PostgreSQL (<c>Host=db.example;Database=chatshare;Username=chatshare;Password=…</c>). Default none; SQLite takes none.
    /// </summary>
    public string ConnectionString { get; set; } = "";
}

/// <summary>Settings under <c>ChatShare:Downloads</c>.</summary>
public sealed class DownloadOptions
{
    /// <summary>Finished and partial files, on one file system. Default <c>downloads</c>.</summary>
    public string Directory { get; set; } = "downloads";

    /// <summary>A partial file that nothing writes to is deleted after this many hours. Default 24.</summary>
    public int PartialFileHours { get; set; } = 24;

    /// <summary>
    /// What stays free on the disk, in bytes: no new file is taken that would leave less. Never more than 5 % of the disk. 0 for nothing.
    /// Default 1 GiB.
    /// </summary>
    public long MinimumFreeBytes { get; set; } = 1024 * 1024 * 1024;

    /// <summary>
    /// Where the web server in front finds <see cref="Directory"/> (<c>/protected</c>): finished files are then answered with
    /// <c>X-Accel-Redirect</c> and it sends the bytes. Empty, the default, when this program sends them itself.
    /// </summary>
    public string AccelRedirectPrefix { get; set; } = "";
}

/// <summary>Settings under <c>ChatShare:Gateway</c>.</summary>
public sealed class GatewayOptions
{
    /// <summary>Address and port to listen on; empty turns the gateway off. Default <c>0.0.0.0:5555</c>.</summary>
    public string Endpoint { get; set; } = "0.0.0.0:5555";

    /// <summary>The room that its clients are in; made at the start when it is not there. Default <c>Lobby</c>.</summary>
    public string Room { get; set; } = "Lobby";

    /// <summary>Files up to this many bytes are sent to its clients, larger ones are announced with their web address. Default 1 GiB.</summary>
    public long PushLimitBytes { get; set; } = 1024 * 1024 * 1024;

    /// <summary>The pause behind each message, in milliseconds, without which a client reads two as one. Default 40.</summary>
    public int MessageGapMilliseconds { get; set; } = 40;

    /// <summary>Addresses (<c>10.0.0.5</c>) or networks (<c>10.0.0.0/8</c>) that may connect. Default none, which means all.</summary>
    public IList<string> AllowedNetworks { get; } = [];

    /// <summary>
    /// Where people open the pages (<c>https://chat.example</c>), for the lines that announce large files. Empty, the default, for the address
    /// that the client has reached and the port of the pages.
    /// </summary>
    public string WebAddress { get; set; } = "";
}

/// <summary>Settings under <c>ChatShare:Scan</c>.</summary>
public sealed class ScanOptions
{
    /// <summary>The program; exit code 0 means clean, 1 not clean, others that it could not tell. Default none: nothing is looked at.</summary>
    public string Command { get; set; } = "";

    /// <summary><c>{path}</c> in one of them stands for the file's path; where it is in none, the path comes last. Default none.</summary>
    public IList<string> Arguments { get; } = [];

    /// <summary>The longest look at one file, in seconds. Default 300.</summary>
    public int TimeoutSeconds { get; set; } = 300;
}

/// <summary>Settings under <c>ChatShare:Limits</c>; 0 means no limit.</summary>
public sealed class LimitOptions
{
    /// <summary>The largest file, in bytes. Default 10 GiB.</summary>
    public long FileBytes { get; set; } = 10L * 1024 * 1024 * 1024;

    /// <summary>All files of one person, those that are being sent counted whole, in bytes. Default 0.</summary>
    public long PersonBytes { get; set; }

    /// <summary>All files of one room, in bytes. Default 0.</summary>
    public long RoomBytes { get; set; }

    /// <summary>All files, in bytes. Default 0.</summary>
    public long TotalBytes { get; set; }

    /// <summary>Files in one message. Default 500.</summary>
    public int FilesPerMessage { get; set; } = 500;

    /// <summary>Messages a second and person; twice as many at once. Default 30.</summary>
    public int MessagesPerSecond { get; set; } = 30;

    /// <summary>Joins a minute and address by the pages and the API, with a name that can be one. Default 60.</summary>
    public int JoinsPerMinutePerAddress { get; set; } = 60;

    /// <summary>Tries to sign in or set up, a minute and address. Default 10.</summary>
    public int SignInsPerMinutePerAddress { get; set; } = 10;

    /// <summary>Open pages of one person. Default 20.</summary>
    public int CircuitsPerPerson { get; set; } = 20;

    /// <summary>Open pages from one address. Default 200.</summary>
    public int CircuitsPerAddress { get; set; } = 200;

    /// <summary>Open pages of everybody at this node; each takes about a quarter of a megabyte. Default 10,000.</summary>
    public int Circuits { get; set; } = 10_000;

    /// <summary>Connections to the TCP gateway that one address has open. Default 200.</summary>
    public int TcpConnectionsPerAddress { get; set; } = 200;

    /// <summary>Clients of the TCP gateway that may join, a second and address; the others wait for their turn. Default 100.</summary>
    public int TcpJoinsPerSecondPerAddress { get; set; } = 100;

    /// <summary>Uploads of one person that take bytes at the same time. Default 10.</summary>
    public int UploadsPerPerson { get; set; } = 10;

    /// <summary>Uploads begun a minute and person. Default 6000.</summary>
    public int UploadsPerMinute { get; set; } = 6000;

    /// <summary>Rooms made an hour and person. Default 60.</summary>
    public int RoomsPerHour { get; set; } = 60;

    /// <summary>Requests to <c>/api</c> a second and session; twice as many at once. Default 50.</summary>
    public int ApiRequestsPerSecond { get; set; } = 50;

    /// <summary>Open streams of events of one person. Default 20.</summary>
    public int EventStreamsPerPerson { get; set; } = 20;
}

/// <summary>Settings under <c>ChatShare:Admin</c>, used once, while there is no administrator.</summary>
public sealed class AdminOptions
{
    /// <summary>A nickname; null or empty when the set-up link is to be used.</summary>
    public string? UserName { get; set; }

    /// <summary>At least 12 characters.</summary>
    public string? Password { get; set; }
}

/// <summary>Settings under <c>ChatShare:Metrics</c>.</summary>
public sealed class MetricsOptions
{
    /// <summary>Addresses (<c>10.0.0.5</c>) or networks (<c>10.0.0.0/8</c>) that may read <c>/metrics</c>. Default none: this machine alone.</summary>
    public IList<string> AllowedNetworks { get; } = [];

    /// <summary>At least 16 characters; who sends them as bearer token may read <c>/metrics</c> from anywhere. Empty, the default, for nobody.</summary>
    public string Token { get; set; } = "";
}

/// <summary>Settings under <c>ChatShare:Cluster</c>.</summary>
public sealed class ClusterOptions
{
    /// <summary>
    /// Redis, by which nodes on one database tell each other what is new: <c>host:6379,password=…</c>, as StackExchange.Redis reads it. Empty, the
    /// default, for a node that is alone.
    /// </summary>
    public string Redis { get; set; } = "";
}

/// <summary>Settings under <c>ChatShare:People</c>.</summary>
public sealed class PeopleOptions
{
    /// <summary>How long a guest's nickname is held after they were last seen, in hours. Default 24.</summary>
    public int NicknameHeldHours { get; set; } = 24;
}
