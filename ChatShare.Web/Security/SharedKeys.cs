using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace ChatShare.Web.Security;

/// <summary>
/// The keys of the cookies where there are several nodes: in Redis, for all of them, and a copy in the data folder of each. Whatever one of the two lacks it gets
/// from the other whenever they are read. So Redis can be turned on, turned off and lost, and everybody's cookie stays good.
/// </summary>
internal sealed class SharedKeys(IXmlRepository redis, IXmlRepository folder) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        var shared = redis.GetAllElements();
        var own = folder.GetAllElements();
        // Two nodes that do this at once may put one there twice. Whoever reads keys takes one of the two.
        var missing = Missing(own, shared);
        Store(missing, redis);
        Store(Missing(shared, own), folder);
        return [.. shared, .. missing];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        redis.StoreElement(element, friendlyName);
        folder.StoreElement(element, friendlyName);
    }

    private static List<XElement> Missing(IReadOnlyCollection<XElement> from, IReadOnlyCollection<XElement> to)
    {
        var known = to.Select(Identity).ToHashSet(StringComparer.Ordinal);
        return [.. from.Where(element => known.Add(Identity(element)))];
    }

    private static void Store(List<XElement> elements, IXmlRepository repository)
    {
        foreach (var element in elements)
            repository.StoreElement(element, $"{element.Name.LocalName}-{element.Attribute("id")?.Value ?? Guid.NewGuid().ToString()}");
    }

    /// <summary>A revocation has no id.</summary>
    private static string Identity(XElement element) => element.Attribute("id")?.Value ?? element.ToString();
}
