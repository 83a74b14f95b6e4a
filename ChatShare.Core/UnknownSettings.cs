using System.ComponentModel;
using System.Globalization;
using System.Numerics;
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
        return All(configuration).Where(setting => setting.Type is null).Select(setting => setting.Section.Path);
    }

    /// <summary>What is wrong with values that are no such value, a sentence for each. The framework has words for it that only programmers know.</summary>
    internal static IEnumerable<string> Unreadable(IConfiguration configuration) => All(configuration)
        .Where(setting => setting.Type is { IsValueType: true } type && setting.Section.Value is { } value && !TypeDescriptor.GetConverter(type).IsValid(value))
        .Select(setting => $"{setting.Section.Path} is \"{setting.Section.Value}\"; it has to be {Words(setting.Type!, setting.Section.Value!)}.");

    private static string Words(Type type, string value) =>
        type.IsEnum ? string.Join(" or ", Enum.GetNames(type))
        : type == typeof(bool) ? "true or false"
        : BigInteger.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out _) ? $"a whole number of at most {(type == typeof(long) ? long.MaxValue : int.MaxValue)}"
        : "a whole number, without a unit";

    private static IEnumerable<(IConfigurationSection Section, Type? Type)> All(IConfiguration configuration) =>
        Of(configuration.GetSection(ChatShareOptions.Section), typeof(ChatShareOptions));

    /// <summary>Each with the type of its value; null for one that is none.</summary>
    private static IEnumerable<(IConfigurationSection Section, Type? Type)> Of(IConfigurationSection section, Type? type)
    {
        if (type is not { IsClass: true } || type.Assembly != typeof(ChatShareOptions).Assembly)
            return [(section, type)];
        var below = section.GetChildren().SelectMany(child =>
            Of(child, type.GetProperty(child.Key, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase)?.PropertyType));
        // A group of settings has no value itself.
        return string.IsNullOrEmpty(section.Value) ? below : below.Prepend((section, null));
    }
}
