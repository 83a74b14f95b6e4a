using System.Xml.Linq;
using ChatShare.Core;
using ChatShare.Core.Cluster;
using ChatShare.Core.Storage;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Options;

namespace ChatShare.Web.Security;

/// <summary>The keys of the cookies, in a backup and back, wherever the settings keep them.</summary>
internal sealed class KeyCopy(IServiceProvider services)
{
    private const string Ending = ".xml";

    public async Task SaveAsync(string folder, CancellationToken cancellationToken)
    {
        foreach (var (element, number) in (await ReadableAsync(cancellationToken)).GetAllElements().Select((element, number) => (element, number)))
        {
            // Who has them can be anybody.
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            await using var file = new FileStream(Path.Combine(folder, (IdOf(element) is { } id ? $"key-{id}" : $"revocation-{number}") + Ending), options);
            await element.SaveAsync(file, SaveOptions.None, cancellationToken);
            file.Flush(flushToDisk: true);
        }
    }

    /// <summary>Adds those that are not there.</summary>
    public async Task RestoreAsync(string folder, CancellationToken cancellationToken)
    {
        var repository = await RepositoryAsync(cancellationToken);
        var known = repository.GetAllElements().Select(IdOf).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(folder, "*" + Ending))
        {
            await using var file = File.OpenRead(path);
            var element = await XElement.LoadAsync(file, LoadOptions.None, cancellationToken);
            if (IdOf(element) is not { } id || !known.Contains(id))
                repository.StoreElement(element, Path.GetFileNameWithoutExtension(path));
        }
    }

    private static string? IdOf(XElement element) => element.Attribute("id")?.Value;

    /// <summary>Each node has a copy of what is in Redis: a backup does not wait for that.</summary>
    private async Task<IXmlRepository> ReadableAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await RepositoryAsync(cancellationToken);
        }
        catch (StorageException e) when (e.MayPass)
        {
            return KeyFolder.Repository(services.GetRequiredService<IOptions<ChatShareOptions>>().Value, services.GetRequiredService<ILoggerFactory>());
        }
    }

    private async Task<IXmlRepository> RepositoryAsync(CancellationToken cancellationToken)
    {
        await services.GetRequiredService<RedisConnection>().OpenAsync(cancellationToken);
        return services.GetRequiredService<IOptions<KeyManagementOptions>>().Value.XmlRepository!;
    }
}
