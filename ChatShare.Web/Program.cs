using ChatShare.Web;

// Where to find what:
//   ChatShareApp       settings, services, the order in which a request meets them, starting
//   Security/          who asks, where from, how often; headers
//   Endpoints/         what is not a page
//   Components/        pages: Account/ static ones, Chat/ and Admin/ on a circuit
//   ChatShare.Core     everything a chat server is
//   ScrubCommand       checks the stored files, then ends
return args is [ScrubCommand.Name, .. var settings]
    ? await ScrubCommand.RunAsync(settings, Console.Out, Console.Error, CancellationToken.None)
    : await ChatShareApp.RunAsync(args, Console.Out, Console.Error, CancellationToken.None);
