using ChatShare.Core;
using ChatShare.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ChatShare.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void Defaults_are_valid_and_folders_are_taken_from_the_content_root()
    {
        var options = Read();

        Assert.Equal("/srv/chat/data", options.DataDirectory);
        Assert.Equal("/srv/chat/downloads", options.Downloads.Directory);
        Assert.Equal(10L << 30, options.Limits.FileBytes);
        Assert.Equal(200, options.Limits.TcpConnectionsPerAddress);
        Assert.Equal("0.0.0.0:5555", options.Gateway.Endpoint);
    }

    [Fact]
    public void What_is_no_setting_is_found_by_its_key()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ChatShare:dataDirectory"] = "a",
            ["ChatShare:Limits:FileBytes"] = "1",
            ["ChatShare:Limits:FileByte"] = "1",
            ["ChatShare:TrustedProxies:0"] = "10.0.0.1",
            ["ChatShare:Gateway:AllowedNetworks"] = "10.0.0.0/8",
            ["ChatShare:Tcp:Port"] = "5555",
            ["Logging:LogLevel:Default"] = "Warning",
        }).Build();

        Assert.Equal(["ChatShare:Limits:FileByte", "ChatShare:Tcp"], UnknownSettings.In(configuration).Order(StringComparer.Ordinal));
        Assert.Empty(UnknownSettings.In(new ConfigurationBuilder().AddJsonFile(SourceTree.Folder("appsettings.json")).Build()));
    }

    [Fact]
    public void Absolute_folder_stays_as_it_is() => Assert.Equal("/var/chat", Read(("DataDirectory", "/var/chat")).DataDirectory);

    [Theory]
    [InlineData("DataDirectory", " ")]
    [InlineData("Downloads:Directory", "")]
    [InlineData("Downloads:PartialFileHours", "0")]
    [InlineData("People:NicknameHeldHours", "-1")]
    [InlineData("Limits:FileBytes", "-1")]
    [InlineData("Limits:FileBytes", "many")]
    [InlineData("Limits:PersonBytes", "-1")]
    [InlineData("Limits:RoomBytes", "-1")]
    [InlineData("Limits:TotalBytes", "-1")]
    [InlineData("Downloads:MinimumFreeBytes", "-1")]
    [InlineData("Scan:TimeoutSeconds", "0")]
    [InlineData("Scan:Command", "/nowhere/scanner")]
    [InlineData("Scan:Command", "no-such-scanner")]
    [InlineData("Scan:Command", "/etc/passwd")]
    [InlineData("Storage:Provider", "Oracle")]
    [InlineData("Gateway:Endpoint", "5555")]
    [InlineData("Gateway:Endpoint", "somewhere:5555")]
    [InlineData("Gateway:Endpoint", "127.0.0.1:99999")]
    [InlineData("Gateway:Room", "a/b")]
    [InlineData("Gateway:PushLimitBytes", "-1")]
    [InlineData("Gateway:MessageGapMilliseconds", "-1")]
    [InlineData("Gateway:AllowedNetworks:0", "lan")]
    [InlineData("Gateway:WebAddress", "chat.example")]
    [InlineData("Metrics:AllowedNetworks:0", "lan")]
    [InlineData("Metrics:Token", "too short")]
    [InlineData("Limits:FilesPerMessage", "-1")]
    [InlineData("Limits:MessagesPerSecond", "-1")]
    [InlineData("Limits:JoinsPerMinutePerAddress", "-1")]
    [InlineData("Limits:SignInsPerMinutePerAddress", "-1")]
    [InlineData("Limits:CircuitsPerPerson", "-1")]
    [InlineData("Limits:CircuitsPerAddress", "-1")]
    [InlineData("Limits:Circuits", "-1")]
    [InlineData("Limits:TcpConnectionsPerAddress", "-1")]
    [InlineData("Limits:TcpJoinsPerSecondPerAddress", "-1")]
    [InlineData("Limits:UploadsPerPerson", "-1")]
    [InlineData("Limits:UploadsPerMinute", "-1")]
    [InlineData("Limits:RoomsPerHour", "-1")]
    [InlineData("Limits:ApiRequestsPerSecond", "-1")]
    [InlineData("Limits:EventStreamsPerPerson", "-1")]
    [InlineData("Admin:UserName", "Root")]
    [InlineData("Admin:Password", "correct horse battery")]
    [InlineData("TrustedProxies:0", "proxy.example")]
    [InlineData("TrustedProxies:0", "1.2.3")]
    [InlineData("TrustedProxies:0", "010.0.0.1")]
    [InlineData("TrustedProxies:0", "10.0/16")]
    [InlineData("Metrics:AllowedNetworks:0", "1.2.3")]
    public void Broken_setting_is_refused_by_its_name(string key, string value)
    {
        var refusal = Assert.Throws<OptionsValidationException>(() => Read((key, value)));

        Assert.Contains($"ChatShare:{key}", Assert.Single(refusal.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Limits:FileBytes", "1GB", "ChatShare:Limits:FileBytes is \"1GB\"; it has to be a whole number, without a unit.")]
    [InlineData("Downloads:PartialFileHours", "", "ChatShare:Downloads:PartialFileHours is \"\"; it has to be a whole number, without a unit.")]
    [InlineData("Storage:Provider", "Oracle", "ChatShare:Storage:Provider is \"Oracle\"; it has to be Sqlite or PostgreSql.")]
    public void Value_of_another_kind_is_told_in_the_words_of_whoever_wrote_it(string key, string value, string sentence) =>
        Assert.Equal(sentence, Assert.Single(Assert.Throws<OptionsValidationException>(() => Read((key, value))).Failures));

    [Fact]
    public void Value_where_a_group_of_settings_belongs_is_no_setting()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ChatShare"] = "x",
            ["ChatShare:Limits"] = "5",
            ["ChatShare:Limits:FileBytes"] = "1",
        }).Build();

        Assert.Equal(["ChatShare", "ChatShare:Limits"], UnknownSettings.In(configuration).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("sh")]
    [InlineData("/bin/sh")]
    public void Scanner_may_be_named_by_its_path_or_found_by_the_systems(string command)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no shell of this name.");
        Assert.Equal(command, Read(("Scan:Command", command)).Scan.Command);
    }

    private static ChatShareOptions Read(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(s => "ChatShare:" + s.Key, s => (string?)s.Value)).Build();
        using var services = new ServiceCollection().AddLogging().AddChatShareCore(configuration, "/srv/chat").BuildServiceProvider();
        return services.GetRequiredService<IOptions<ChatShareOptions>>().Value;
    }
}
