using ChatShare.Core.Cluster;
using ChatShare.Core.Files;
using ChatShare.Core.Messages;
using ChatShare.Core.People;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ChatShare.Core.Rooms;

/// <summary>Registers rooms, their log, and what is shared in them.</summary>
internal static class RoomServiceCollectionExtensions
{
    /// <summary>
    /// The constructors are internal, so that nobody makes a second room service; hence the factories. The hosted services
    /// start in this order: uploads are repaired when the rooms are there.
    /// </summary>
    public static IServiceCollection AddRooms(this IServiceCollection services)
    {
        services.AddSingleton<RedisConnection>();
        services.AddSingleton<IRoomBus>(provider => provider.GetRequiredService<RedisConnection>().IsWanted
            ? ActivatorUtilities.CreateInstance<RedisRoomBus>(provider)
            : new LocalRoomBus());
        services.AddSingleton<PeopleOnOtherNodes>();
        services.AddSingleton<FanOut>();
        services.AddSingleton<PersonLimits>();
        services.AddSingleton<RoomParts>();
        services.AddSingleton<DownloadStore>();
        services.AddSingleton<StoredContents>();
        services.AddSingleton<UploadEnds>();
        services.AddSingleton<UploadLeases>();
        services.AddSingleton<UploadHandover>();
        services.AddSingleton<VirusScan>();
        services.AddSingleton(Make<LowDisk>);
        services.AddSingleton(Make<DownloadsHealth>);
        services.AddSingleton(Make<Quota>);
        services.AddSingleton(Make<MessageLog>);
        services.AddSingleton<Announcements>();
        services.AddSingleton(Make<RoomService>);
        services.AddSingleton(Make<MessageSearch>);
        services.AddSingleton(Make<ReadMarks>);
        services.AddSingleton(Make<UploadService>);
        services.AddSingleton(Make<FileDirectory>);
        services.AddSingleton(Make<OwnUploads>);
        services.AddSingleton(Make<AlreadyHere>);
        services.AddSingleton<ActiveDownloads>();
        services.AddSingleton(Make<WhoHasIt>);
        services.AddSingleton(Make<Thumbnails>);
        services.AddSingleton(Make<FileRemoval>);
        services.AddSingleton(Make<FileKeeping>);
        services.AddSingleton<Retention>();
        services.AddSingleton(Make<StorageReport>);
        services.AddSingleton(Make<StorageCleaning>);
        services.AddSingleton(Make<Scrub>);
        services.AddSingleton(Make<Administration>);
        services.AddHostedService(Get<RoomService>);
        services.AddHostedService(Get<ReadMarks>);
        services.AddHostedService<NodeFeed>();
        services.AddHostedService(Get<PeopleOnOtherNodes>);
        services.AddHostedService<NodeSettings>();
        services.AddHostedService<UploadRepair>();
        services.AddHostedService<UploadClock>();
        services.AddHostedService(Get<Retention>);
        return services;
    }

    private static T Make<T>(IServiceProvider provider)
        where T : class
    {
        var constructor = typeof(T).GetConstructors(System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic).Single();
        return (T)constructor.Invoke([.. constructor.GetParameters().Select(parameter => provider.GetRequiredService(parameter.ParameterType))]);
    }

    private static T Get<T>(IServiceProvider provider)
        where T : class, IHostedService => provider.GetRequiredService<T>();
}
