using ChatShare.Cli;
using ChatShare.Cli.Commands;

using var interrupts = new Interrupts();
return await CommandLine.RunAsync(args, interrupts);
