using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace ChatShare.Core;

/// <summary>Settings that nobody reads: a slip of the pen, and the default would count without a word.</summary>
public static class UnknownSettings
{
    /// <summary>Their keys, such as <c>ChatShare:Limits:FileByte</c>.</summary>
    public static IEnumerable<string> In(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return Below(configuration.GetSection(ChatShareOptions.Section), typeof(ChatShareOptions));
    }

    private static IEnumerable<string> Below(IConfigurationSection section, Type type)
    {
        foreach (var child in section.GetChildren())
        {
            var property = type.GetProperty(child.Key, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
            if (property is null)
            {
                yield return child.Path;
            }
            else if (property.PropertyType.Assembly == type.Assembly && property.PropertyType.IsClass)
            {
                foreach (var unknown in Below(child, property.PropertyType))
                    yield return unknown;
            }
        }
    }
}
