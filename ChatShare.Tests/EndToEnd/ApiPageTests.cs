using ChatShare.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ChatShare.Tests.EndToEnd;

[Collection(FewTests.Name)]
public sealed class ApiPageTests(Chromium chromium, ServerFixture fixture)
{
    [Fact]
    public async Task Description_is_a_page_that_loads_nothing_from_elsewhere_and_breaks_no_policy()
    {
        var page = await chromium.OpenAsync(fixture.Server);
        var foreign = new List<string>();
        var complaints = new List<string>();
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(fixture.Server.Address, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal) && !request.Url.StartsWith("blob:", StringComparison.Ordinal))
                foreign.Add(request.Url);
        };
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                complaints.Add(message.Text);
        };
        page.PageError += (_, error) => complaints.Add(error);
        await page.GotoAsync("/scalar");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in, or renew a token" }).First).ToBeVisibleAsync();
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);

        Assert.Empty(foreign);
        Assert.Empty(complaints);
    }
}
