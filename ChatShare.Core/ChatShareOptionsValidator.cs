using System.Net;
using System.Net.Sockets;
using ChatShare.Core.Cluster;
using ChatShare.Core.Files;
using ChatShare.Core.Rooms;
using ChatShare.Core.Storage.PostgreSql;
using Microsoft.Extensions.Options;

namespace ChatShare.Core;

/// <summary>Finds everything that is wrong at once; each sentence begins with the setting's full name.</summary>
internal sealed class ChatShareOptionsValidator : IValidateOptions<ChatShareOptions>
{
    public ValidateOptionsResult Validate(string? name, ChatShareOptions options)
    {
        var errors = new List<string>();
        NotEmpty("DataDirectory", options.DataDirectory);
        CheckStorage(options.Storage);
        CheckCluster(options.Cluster);
        NotEmpty("Downloads:Directory", options.Downloads.Directory);
        Between("Downloads:PartialFileHours", options.Downloads.PartialFileHours, 1, 24 * 365);
        if (options.Downloads.AccelRedirectPrefix is { Length: > 0 } prefix && !IsPath(prefix))
            errors.Add($"ChatShare:Downloads:AccelRedirectPrefix is \"{prefix}\"; it has to be empty or a path such as /protected.");
        Between("Downloads:MinimumFreeBytes", options.Downloads.MinimumFreeBytes, 0, long.MaxValue);
        if (VirusScan.FaultOf(options.Scan.Command) is { } fault)
            errors.Add($"ChatShare:Scan:Command is \"{options.Scan.Command}\"; it {fault}");
        Between("Scan:TimeoutSeconds", options.Scan.TimeoutSeconds, 1, 24 * 3600);
        Between("People:NicknameHeldHours", options.People.NicknameHeldHours, 0, 24 * 365);

        var limits = options.Limits;
        Between("Limits:FileBytes", limits.FileBytes, 0, long.MaxValue);
        Between("Limits:PersonBytes", limits.PersonBytes, 0, long.MaxValue);
        Between("Limits:RoomBytes", limits.RoomBytes, 0, long.MaxValue);
        Between("Limits:TotalBytes", limits.TotalBytes, 0, long.MaxValue);
        Between("Limits:FilesPerMessage", limits.FilesPerMessage, 0, 100_000);
        Between("Limits:MessagesPerSecond", limits.MessagesPerSecond, 0, int.MaxValue / 2);
        Between("Limits:JoinsPerMinutePerAddress", limits.JoinsPerMinutePerAddress, 0, int.MaxValue);
        Between("Limits:SignInsPerMinutePerAddress", limits.SignInsPerMinutePerAddress, 0, int.MaxValue);
        Between("Limits:CircuitsPerPerson", limits.CircuitsPerPerson, 0, int.MaxValue);
        Between("Limits:CircuitsPerAddress", limits.CircuitsPerAddress, 0, int.MaxValue);
        Between("Limits:Circuits", limits.Circuits, 0, int.MaxValue);
        Between("Limits:TcpConnectionsPerAddress", limits.TcpConnectionsPerAddress, 0, int.MaxValue);
        Between("Limits:TcpJoinsPerSecondPerAddress", limits.TcpJoinsPerSecondPerAddress, 0, 100_000);
        Between("Limits:UploadsPerPerson", limits.UploadsPerPerson, 0, int.MaxValue);
        Between("Limits:UploadsPerMinute", limits.UploadsPerMinute, 0, int.MaxValue);
        Between("Limits:RoomsPerHour", limits.RoomsPerHour, 0, int.MaxValue);
        Between("Limits:ApiRequestsPerSecond", limits.ApiRequestsPerSecond, 0, int.MaxValue / 2);
        Between("Limits:EventStreamsPerPerson", limits.EventStreamsPerPerson, 0, int.MaxValue);

        if (string.IsNullOrEmpty(options.Admin.UserName) != string.IsNullOrEmpty(options.Admin.Password))
            errors.Add("ChatShare:Admin:UserName and ChatShare:Admin:Password go together: set both or neither.");
        Networks("TrustedProxies", options.TrustedProxies);
        Networks("Metrics:AllowedNetworks", options.Metrics.AllowedNetworks);
        if (options.Metrics.Token is { Length: > 0 and < 16 })
            errors.Add("ChatShare:Metrics:Token is too short; it has to be empty or at least 16 characters.");
        CheckGateway(options.Gateway);

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        // It goes into a header and is taken for an address there.
        static bool IsPath(string prefix) =>
            prefix.StartsWith('/') && !prefix.EndsWith('/') && prefix.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '_' or '.');

        void CheckStorage(StorageOptions storage)
        {
            const string key = "ChatShare:Storage:ConnectionString";
            if (!Enum.IsDefined(storage.Provider))
                errors.Add($"ChatShare:Storage:Provider is \"{storage.Provider}\"; it has to be Sqlite or PostgreSql.");
            else if (storage.Provider == StorageProvider.Sqlite && storage.ConnectionString.Length > 0)
                errors.Add($"{key} is set, and SQLite takes none. Set ChatShare:Storage:Provider to PostgreSql, or leave it empty.");
            else if (storage.Provider == StorageProvider.PostgreSql && PostgreSqlEngine.FaultOf(storage.ConnectionString) is { } fault)
                errors.Add($"{key} {fault}");
        }

        void CheckCluster(ClusterOptions cluster)
        {
            const string key = "ChatShare:Cluster:Redis";
            if (cluster.Redis.Length == 0)
                return;
            // Two nodes on one file would each hand out the same numbers.
            if (options.Storage.Provider == StorageProvider.Sqlite)
                errors.Add($"{key} is set, and several nodes cannot share SQLite. Set ChatShare:Storage:Provider to PostgreSql, or leave it empty.");
            if (RedisConnection.FaultOf(cluster.Redis) is { } fault)
                errors.Add($"{key} {fault}");
        }

        void CheckGateway(GatewayOptions gateway)
        {
            // Without the colon the framework takes 5555 for the address 0.0.21.179.
            if (gateway.Endpoint.Length > 0 && !(gateway.Endpoint.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(gateway.Endpoint, out _)))
                errors.Add($"ChatShare:Gateway:Endpoint is \"{gateway.Endpoint}\"; it has to be empty or an address and a port such as 0.0.0.0:5555.");
            if (!RoomName.TryParse(gateway.Room, out _, out var fault))
                errors.Add($"ChatShare:Gateway:Room is \"{gateway.Room}\", which cannot be the name of a room. {fault}");
            Between("Gateway:PushLimitBytes", gateway.PushLimitBytes, 0, long.MaxValue);
            Between("Gateway:MessageGapMilliseconds", gateway.MessageGapMilliseconds, 0, 10_000);
            Networks("Gateway:AllowedNetworks", gateway.AllowedNetworks);
            if (gateway.WebAddress.Length > 0
                && !(Uri.TryCreate(gateway.WebAddress, UriKind.Absolute, out var address) && address.Scheme is ("http" or "https")))
                errors.Add($"ChatShare:Gateway:WebAddress is \"{gateway.WebAddress}\"; it has to be empty or an address such as https://chat.example.");
        }

        void Networks(string key, IList<string> networks)
        {
            foreach (var (network, index) in networks.Select((network, index) => (network, index)))
            {
                if (!IsAddress(network) && !(IPNetwork.TryParse(network, out _) && IsAddress(network.Split('/')[0])))
                    errors.Add($"ChatShare:{key}:{index} is \"{network}\", which is neither an address nor a network such as 10.0.0.0/8.");
            }
        }

        // The framework takes 1.2.3 for 1.2.0.3, and 010.0.0.1 for 8.0.0.1.
        static bool IsAddress(string text) =>
            IPAddress.TryParse(text, out var address) && (address.AddressFamily != AddressFamily.InterNetwork || address.ToString() == text);

        void NotEmpty(string key, string? value)
        {
            if (string.IsNullOrWhiteSpace(value))
                errors.Add($"ChatShare:{key} is empty; it has to name a folder.");
        }

        void Between(string key, long value, long least, long most)
        {
            if (value < least || value > most)
                errors.Add($"ChatShare:{key} is {value}; it has to be between {least} and {most}.");
        }
    }
}
