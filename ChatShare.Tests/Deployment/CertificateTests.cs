using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ChatShare.Tests.Support;

namespace ChatShare.Tests.Deployment;

/// <summary>What deploy/make-certificates leaves behind.</summary>
public sealed class CertificateTests
{
    private static readonly string Script = SourceTree.Folder("deploy/make-certificates");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Server_is_verified_by_the_authority_for_its_names_and_again_after_a_renewal()
    {
        SkipWithoutOpenSsl();
        using var folder = new TemporaryFolder();
        var authority = folder.File("authority.pem");
        var printed = await Command.RequireAsync(Script, folder.Path, "chat.example.org", "192.0.2.7", "::1");
        var first = await File.ReadAllTextAsync(authority, Cancel);
        await VerifyAsync("-verify_hostname", "chat.example.org");
        await VerifyAsync("-verify_ip", "192.0.2.7");
        await VerifyAsync("-verify_ip", "::1");
        var (stranger, _) = await Command.RunAsync(
            "openssl", "verify", "-CAfile", authority, "-verify_hostname", "other.example.org", folder.File("server.pem"));

        await Command.RequireAsync(Script, folder.Path, "other.example.org");
        await VerifyAsync("-verify_hostname", "other.example.org");

        Assert.NotEqual(0, stranger);
        // Everybody's trust goes on.
        Assert.Equal(first, await File.ReadAllTextAsync(authority, Cancel));
        foreach (var system in new[] { "Debian", "Windows", "macOS", "Firefox" })
            Assert.Contains(system, printed, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            foreach (var key in new[] { "authority.key", "server.key" })
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File(key)));
        }

        Task VerifyAsync(string option, string name) => Command.RequireAsync(
            "openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", authority, option, name, folder.File("server.pem"));
    }

    [Fact]
    public async Task Machine_may_have_a_name_as_long_as_names_can_be()
    {
        SkipWithoutOpenSsl();
        using var folder = new TemporaryFolder();
        var hostname = folder.File("hostname");
        await File.WriteAllTextAsync(hostname, $"#!/bin/sh\necho {new string('x', 63)}\n", Cancel);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(hostname, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        await Command.RequireAsync("env", $"PATH={folder.Path}:{Environment.GetEnvironmentVariable("PATH")}", Script, folder.File("made"), "chat.example.org");

        var subject = await Command.RequireAsync("openssl", "x509", "-in", folder.File("made/authority.pem"), "-noout", "-subject");
        Assert.Contains("ChatShare authority of xxx", subject, StringComparison.Ordinal);
        Assert.Contains(TimeProvider.System.GetUtcNow().Year.ToString(System.Globalization.CultureInfo.InvariantCulture), subject, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("a,DNS:b")]
    [InlineData("")]
    [InlineData("300.1.2.3")]
    [InlineData("1.2.3")]
    [InlineData(":")]
    [InlineData("12345::")]
    [InlineData("a..b")]
    public async Task Name_that_is_none_is_told_before_anything_is_made(string name)
    {
        SkipWithoutOpenSsl();
        using var folder = new TemporaryFolder();
        var (code, output) = await Command.RunAsync(Script, folder.Path, name);

        Assert.Equal(2, code);
        Assert.Contains($"“{name}”", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("authority.pem", "authority.key")]
    [InlineData("authority.key", "authority.pem")]
    public async Task Half_an_authority_is_not_replaced(string kept, string missing)
    {
        SkipWithoutOpenSsl();
        using var folder = new TemporaryFolder();
        await Command.RequireAsync(Script, folder.Path, "chat.example.org");
        File.Delete(folder.File(missing));
        var before = await ContentsAsync();

        var (code, output) = await Command.RunAsync(Script, folder.Path, "chat.example.org");

        Assert.Equal(1, code);
        Assert.StartsWith($"{folder.Path} has {kept} and not its {missing}: ", output, StringComparison.Ordinal);
        Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(before, await ContentsAsync());

        async Task<List<string>> ContentsAsync()
        {
            var contents = new List<string>();
            foreach (var file in Directory.GetFiles(folder.Path).Order(StringComparer.Ordinal))
                contents.Add($"{file}: {await File.ReadAllTextAsync(file, Cancel)}");
            return contents;
        }
    }

    [Fact]
    public async Task Authority_that_ends_signs_for_no_longer_and_one_that_is_over_nothing()
    {
        SkipWithoutOpenSsl();
        using var folder = new TemporaryFolder();
        await WriteAuthorityAsync(100.5);
        await Command.RequireAsync(Script, folder.Path, "chat.example.org");
        using var server = X509CertificateLoader.LoadCertificateFromFile(folder.File("server.pem"));
        Assert.InRange(server.NotAfter.ToUniversalTime(), TimeProvider.System.GetUtcNow().AddDays(99).UtcDateTime, TimeProvider.System.GetUtcNow().AddDays(100.5).UtcDateTime);

        await WriteAuthorityAsync(-1);
        var (code, output) = await Command.RunAsync(Script, folder.Path, "other.example.org");
        using var after = X509CertificateLoader.LoadCertificateFromFile(folder.File("server.pem"));

        Assert.Equal(1, code);
        Assert.StartsWith($"The authority in {folder.Path} ends, or has ended, on ", output, StringComparison.Ordinal);
        Assert.Equal(server.Thumbprint, after.Thumbprint);

        async Task WriteAuthorityAsync(double days)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=An authority", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            var now = TimeProvider.System.GetUtcNow();
            using var made = request.CreateSelfSigned(now.AddDays(-10), now.AddDays(days));
            await File.WriteAllTextAsync(folder.File("authority.key"), key.ExportPkcs8PrivateKeyPem(), Cancel);
            await File.WriteAllTextAsync(folder.File("authority.pem"), made.ExportCertificatePem(), Cancel);
        }
    }

    private static void SkipWithoutOpenSsl() =>
        Assert.SkipUnless(File.Exists("/usr/bin/openssl") && File.Exists("/bin/bash"), "bash and openssl are not installed.");
}
