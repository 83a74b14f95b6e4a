using ChatShare.Core;
using ChatShare.Tests.Support;

namespace ChatShare.Tests;

public sealed class PersonSignalsTests
{
    [Fact(Timeout = Make.Patience)]
    public async Task Whoever_watches_a_person_is_woken_by_their_change()
    {
        var signals = new PersonSignals();
        var people = Enumerable.Range(0, 5000).Select(_ => Guid.NewGuid()).ToList();
        var watched = people.Select(person => (Signal: signals.Of(person), Seen: signals.Of(person).Version)).ToList();

        foreach (var person in people)
            signals.Raise(person);

        foreach (var (signal, seen) in watched)
            await signal.WaitAsync(seen, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void However_many_people_come_there_are_not_more_signals()
    {
        var signals = new PersonSignals();

        var made = Enumerable.Range(0, 100_000).Select(_ => signals.Of(Guid.NewGuid())).Distinct().Count();

        Assert.InRange(made, 2, 1024);
    }

    [Fact]
    public void Nobody_is_woken_for_a_change_of_somebody_else_but_by_chance()
    {
        var signals = new PersonSignals();
        var watched = Enumerable.Range(0, 100).Select(_ => signals.Of(Guid.NewGuid())).ToList();

        signals.Raise(Guid.NewGuid());

        Assert.InRange(watched.Count(signal => signal.Version > 0), 0, 10);
    }
}
