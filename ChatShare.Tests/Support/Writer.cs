using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace ChatShare.Tests.Support;

/// <summary>A script that writes into the rooms of a server in another process.</summary>
internal sealed class Writer
{
    private readonly HttpClient _http;

    private Writer(HttpClient http) => _http = http;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<Writer> SignInAsync(ServerProcess server, string nickname)
    {
        var http = new HttpClient { BaseAddress = new Uri(server.Address) };
        using var response = await http.PostAsJsonAsync("/api/session", new { nickname }, Cancel);
        response.EnsureSuccessStatusCode();
        var opened = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", opened.GetProperty("accessToken").GetString());
        return new Writer(http);
    }

    public Task CreateRoomAsync(string name, string topic) => PostAsync("/api/rooms", new { name, topic });

    public Task SayAsync(string room, string text) => PostAsync($"/api/rooms/{room}/messages", new { text });

    /// <summary>An empty file of this name, out of a folder that is called so, too.</summary>
    public async Task ShareAsync(string room, string name)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/uploads");
        request.Headers.Add("Tus-Resumable", "1.0.0");
        request.Headers.Add("Upload-Length", "0");
        request.Headers.Add("Upload-Metadata", $"room {Base64(room)},filename {Base64(name)},path {Base64(name)}");
        using var response = await _http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private async Task PostAsync<T>(string address, T body)
    {
        using var response = await _http.PostAsJsonAsync(address, body, Cancel);
        Assert.True(response.StatusCode == HttpStatusCode.Created, $"{response.StatusCode}: {await response.Content.ReadAsStringAsync(Cancel)}");
    }
}
