using System.Globalization;
using System.Net.Sockets;
using ChatShare.Core.Storage;
using Microsoft.Extensions.Options;

namespace ChatShare.Web;

/// <summary>The reasons not to start that whoever started the program can do something about.</summary>
internal static class StartFailure
{
    private const string AddressKey = "Kestrel:Endpoints:Web:Url";

    /// <summary>One line, or null for a fault of the program, which shows its stack trace.</summary>
    public static string? Sentence(Exception e) => e switch
    {
        DatabaseException => e.Message,
        OptionsValidationException invalid => string.Join(Environment.NewLine, invalid.Failures),
        // Kestrel names the address and what is wrong with it.
        IOException or SocketException => $"ChatShare cannot start: {e.Message}",
        InvalidDataException or FormatException => $"The settings cannot be read: {e.GetBaseException().Message}",
        _ => null,
    };

    /// <summary>Kestrel's own complaint about an address does not say which setting it is.</summary>
    public static void CheckAddress(IConfiguration configuration)
    {
        var url = configuration[AddressKey];
        if (string.IsNullOrEmpty(url))
            return;
        try
        {
            if (BindingAddress.Parse(url).Port is < 0 or > 65_535)
                throw new FormatException();
        }
        catch (FormatException)
        {
            throw new OptionsValidationException(AddressKey, typeof(string),
                [string.Create(CultureInfo.InvariantCulture, $"{AddressKey} is \"{url}\", which is not an address such as http://*:5080.")]);
        }
    }
}
