using Bunit;
using ChatShare.Tests.Support;
using ChatShare.Web.Components.Pages;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using TestContext = Xunit.TestContext;

namespace ChatShare.Tests.Components;

public sealed class RoomFilesPageTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Files_are_found_by_name_kind_and_person_and_sorted_both_ways()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        await using var bo = await core.EnterAsync("Bo", token);
        await using var cy = await core.EnterAsync("Cy", token);
        await core.ShareAsync(bo, "plan.txt", "hello"u8.ToArray(), token);
        var big = await core.ShareAsync(cy, "Big.bin", Make.Bytes(5000), token);
        await core.ShareAsync(bo, "notes.txt", "a few more words"u8.ToArray(), token);
        await core.OfferAsync(bo, "unfinished.bin", 10, token);

        // Any case of the name opens it, as in every address of a room.
        var page = circuit.Render<RoomFilesPage>(parameters => parameters.Add(p => p.Address, "lobby"));

        await page.WaitForAssertionAsync(() => Assert.Equal(["notes.txt", "Big.bin", "plan.txt"], Names()));
        await page.PressAsync("Size");
        Assert.Equal(["plan.txt", "notes.txt", "Big.bin"], Names());
        await page.PressAsync("Size");
        Assert.Equal(["Big.bin", "notes.txt", "plan.txt"], Names());
        Assert.Equal("descending", page.Named("th", "Size").GetAttribute("aria-sort"));

        await page.TypeAsync("Search", "PLAN");
        Assert.Equal(["plan.txt"], Names());
        Assert.Equal("1 of 3", page.Find("[role=status]").TextContent);
        await page.TypeAsync("Search", "");
        await page.InvokeAsync(() => page.Named("select", "Kind").ChangeAsync("Text"));
        Assert.Equal(["notes.txt", "plan.txt"], Names());
        await page.InvokeAsync(() => page.Named("select", "Person").ChangeAsync("Cy"));
        Assert.Empty(Names());
        Assert.Contains("No file matches.", page.Markup, StringComparison.Ordinal);

        // The last file of whom and what one has filtered for goes: it cannot be chosen any more, and is not filtered for.
        await core.Get<Core.Files.FileRemoval>().DeleteAsync(big.File.Id, await core.AdministratorAsync(token), token);
        await page.WaitForAssertionAsync(() => Assert.Equal(["notes.txt", "plan.txt"], Names()));
        Assert.Equal("", page.Named("select", "Person").GetAttribute("value") ?? "");

        IReadOnlyList<string> Names() => page.Column("Files", "Name");
    }

    [Fact(Timeout = Make.Patience)]
    public async Task Names_are_sorted_as_people_count_and_kinds_by_their_words()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        await using var bo = await core.EnterAsync("Bo", token);
        await core.ShareAsync(bo, "report 10.csv", [0xE4, 0x3B, 0xF6], token);
        await core.ShareAsync(bo, "Report 9.bin", [0, 1], token);
        await core.ShareAsync(bo, "report 100.pdf", "%PDF-1.7"u8.ToArray(), token);
        var page = circuit.Render<RoomFilesPage>(parameters => parameters.Add(p => p.Address, "lobby"));
        await page.WaitForAssertionAsync(() => Assert.Equal(3, page.Column("Files", "Name").Count));

        await page.PressAsync("Name");
        Assert.Equal(["Report 9.bin", "report 10.csv", "report 100.pdf"], page.Column("Files", "Name"));
        await page.PressAsync("Kind");
        // What the page shows as text is text to whoever looks for it, in whatever encoding.
        Assert.Equal(["Other", "PDF", "Text"], page.Column("Files", "Kind"));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task What_is_picked_is_posted_whatever_is_shown_and_the_list_follows_the_room()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));
        await using var bo = await core.EnterAsync("Bo", token);
        var uploads = new List<Core.Files.Upload>();
        foreach (var name in new[] { "a.txt", "b.txt", "c.txt" })
            uploads.Add(await core.ShareAsync(bo, name, Make.Bytes(10, seed: uploads.Count + 1), token));
        var page = circuit.Render<RoomFilesPage>(parameters => parameters.Add(p => p.Address, "Lobby"));
        await page.WaitForAssertionAsync(() => Assert.Equal(3, page.Column("Files", "Name").Count));
        Assert.True(page.Named("button", "Download 0 selected").HasAttribute("disabled"));

        await PickAsync("Select a.txt", true);
        await PickAsync("Select b.txt", true);
        page.Named("button", "Download 2 selected");
        await page.TypeAsync("Search", "c");
        Assert.Equal([$"{uploads[0].Id},{uploads[1].Id}"], page.FindAll("form input[name=id]").Select(input => input.GetAttribute("value")));
        await page.TypeAsync("Search", "");
        await PickAsync("Select all", true);
        page.Named("button", "Download 3 selected");
        Assert.Equal(["", .. uploads.Select(upload => upload.Id.ToString()).Reverse()], page.FindAll("[name=id]").Select(input => input.GetAttribute("value")));
        Assert.All(page.FindAll("input[form=selection]"), box => Assert.True(box.HasAttribute("checked")));

        // Another file comes and a picked one goes, with nobody touching the page.
        await core.ShareAsync(bo, "d.txt", [4], token);
        await core.Get<Core.Files.FileRemoval>().DeleteAsync(uploads[0].Id, await core.AdministratorAsync(token), token);
        await page.WaitForAssertionAsync(() => Assert.Equal(["d.txt", "c.txt", "b.txt"], page.Column("Files", "Name")));
        page.Named("button", "Download 2 selected");

        await core.CreateRoomAsync("Other", bo.Participant.Session, token);
        page.Render(parameters => parameters.Add(p => p.Address, "Other"));
        await page.WaitForAssertionAsync(() => Assert.Contains("No files yet", page.Markup, StringComparison.Ordinal));

        Task PickAsync(string box, bool isPicked) => page.InvokeAsync(() => page.Named("input", box).ChangeAsync(isPicked));
    }

    [Fact(Timeout = Make.Patience)]
    public async Task A_room_without_files_says_so_and_an_address_without_a_room_leads_to_where_it_can_be_made()
    {
        var token = TestContext.Current.CancellationToken;
        await using var core = await CoreHost.StartAsync(token);
        await using var circuit = new Circuit(core, await core.JoinAsync("Ann", token));

        var empty = circuit.Render<RoomFilesPage>(parameters => parameters.Add(p => p.Address, "Lobby"));
        await empty.WaitForAssertionAsync(() => Assert.Contains("No files yet", empty.Markup, StringComparison.Ordinal));
        var navigation = circuit.Services.GetRequiredService<NavigationManager>();
        circuit.Render<RoomFilesPage>(parameters => parameters.Add(p => p.Address, "Nö where?"));
        Assert.EndsWith("/rooms/N%C3%B6%20where%3F", navigation.Uri, StringComparison.Ordinal);
        circuit.Render<RoomSearchPage>(parameters => parameters.Add(p => p.Address, "Nobody"));
        Assert.EndsWith("/rooms/Nobody", navigation.Uri, StringComparison.Ordinal);
    }
}
