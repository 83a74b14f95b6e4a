using ChatShare.Core;
using ChatShare.Core.Storage;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace ChatShare.Web.Security;

/// <summary>
/// Where the keys of the cookies live: with the data, so that a cookie outlives a restart and a move; of several nodes, in Redis, too, so that each can
/// read what another one wrote.
/// </summary>
internal static class KeyFolder
{
    /// <summary>The list of keys in Redis.</summary>
    public const string RedisKey = "chatshare:keys";

    public static string Of(ChatShareOptions options) => Path.Combine(options.DataDirectory, "keys");

    public static FileSystemXmlRepository Repository(ChatShareOptions options, ILoggerFactory loggers) => new(new DirectoryInfo(Of(options)), loggers);

    /// <summary>Makes and reads a cookie's worth of bytes: without keys nobody could join, and the first of them would learn it.</summary>
    /// <exception cref="StorageException">The keys cannot be used.</exception>
    public static void Check(IServiceProvider services)
    {
        var folder = Of(services.GetRequiredService<IOptions<ChatShareOptions>>().Value);
        try
        {
            Directory.CreateDirectory(folder);
            var protector = services.GetRequiredService<IDataProtectionProvider>().CreateProtector(nameof(KeyFolder));
            protector.Unprotect(protector.Protect([1]));
        }
        catch (Exception e) when (OfRedis(e) is { } fault)
        {
            // What the driver says of a time that is over is another each time, and long.
            var reason = fault is RedisServerException ? fault.Message.ReplaceLineEndings(" ") : "it does not answer.";
            throw new StorageException($"The cookie keys in Redis (ChatShare:Cluster:Redis) cannot be used: {reason}", e) { MayPass = true };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new StorageException($"The folder {folder} of the cookie keys (ChatShare:DataDirectory) cannot be used: {e.GetBaseException().Message}", e);
        }
    }

    /// <summary>Whatever the repository meets comes as a fault of cryptography.</summary>
    private static Exception? OfRedis(Exception? fault)
    {
        while (fault is not (null or RedisException or TimeoutException))
            fault = fault.InnerException;
        return fault;
    }
}
