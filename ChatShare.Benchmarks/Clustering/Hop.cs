using ChatShare.Benchmarks.FanningOut;

namespace ChatShare.Benchmarks.Clustering;

/// <summary>
/// How much later the readers of other nodes have a message than those of the sender's: the first there beside the first here, the second beside the
/// second, and so on. Two readers by their names would be told apart by their places in the rows of their nodes, and not by the way between these.
/// </summary>
/// <param name="FirstP50">Milliseconds, of the first readers alone; the others too.</param>
/// <param name="FirstP99">The same of the slowest hundredth.</param>
/// <param name="P50">Of all readers.</param>
/// <param name="P99">The same of the slowest hundredth.</param>
internal sealed record Hop(double FirstP50, double FirstP99, double P50, double P99)
{
    /// <param name="deliveries">In any order.</param>
    /// <param name="nodes">Readers are spread among them in turn; the sender is at the first.</param>
    /// <returns>Null when no message came to two nodes.</returns>
    public static Hop? Of(IEnumerable<Delivery> deliveries, int nodes)
    {
        List<double> firsts = [], all = [];
        foreach (var message in deliveries.GroupBy(delivery => delivery.Message))
        {
            var places = message.ToLookup(delivery => delivery.Reader % nodes, delivery => delivery.Milliseconds);
            foreach (var place in places.Where(place => place.Key != 0))
            {
                double[] later = [.. place.Order().Zip(places[0].Order(), (there, here) => there - here)];
                firsts.AddRange(later.Take(1));
                all.AddRange(later);
            }
        }

        if (all.Count == 0)
            return null;
        firsts.Sort();
        all.Sort();
        return new Hop(Statistics.Percentile(firsts, 50), Statistics.Percentile(firsts, 99), Statistics.Percentile(all, 50), Statistics.Percentile(all, 99));
    }
}
