using System.Runtime.InteropServices;

namespace ChatShare.Cli;

/// <summary>Ctrl+C and the signals that ask a program to end.</summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly PosixSignalRegistration[] _registrations;

    public Interrupts()
    {
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
            {
                context.Cancel = true;
                if (Handler?.Invoke() is not true)
                    _ended.Cancel();
            }),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, End),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, End),
        ];
    }

    /// <summary>Cancelled when the program is to end.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Takes a Ctrl+C for itself by returning true; called on any thread.</summary>
    public Func<bool>? Handler { get; set; }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
    }

    private void End(PosixSignalContext context)
    {
        context.Cancel = true;
        _ended.Cancel();
    }
}
