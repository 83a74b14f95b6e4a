using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ChatShare.Benchmarks.Circuits;

/// <summary>What a page does with what its circuit says.</summary>
/// <param name="Draw">A batch, by its id.</param>
/// <param name="RunScript">A call of a script.</param>
/// <param name="EndCall">The result of a call, by its id; the second says whether it went well.</param>
/// <param name="Break">Why the circuit is no more.</param>
internal sealed record CircuitHandlers(
    Func<long, byte[], Task> Draw, Func<ScriptCall, Task> RunScript, Action<string, bool, string> EndCall, Action<string> Break);

/// <summary>A call of a page's script.</summary>
/// <param name="Handle">For the result; 0 when nobody waits for one.</param>
/// <param name="Identifier">The function.</param>
/// <param name="Args">JSON; null for none.</param>
/// <param name="ResultType">See <see cref="Scripts.Answer"/>.</param>
/// <param name="Target">The object that it is of; 0 for the window.</param>
internal sealed record ScriptCall(long Handle, string Identifier, string? Args, int ResultType, long Target);

/// <summary>How a page and its circuit talk, as blazor.web.js does it.</summary>
internal static partial class CircuitConnection
{
    /// <summary>Not started yet.</summary>
    public static HubConnection Make(Visitor visitor, CircuitHandlers handlers)
    {
        var builder = new HubConnectionBuilder().WithUrl(new Uri(visitor.Server, "/_blazor"), options =>
        {
            options.Transports = HttpTransportType.WebSockets;
            options.SkipNegotiation = true;
            options.Cookies = visitor.Cookies;
            options.Headers["Origin"] = visitor.Server.GetLeftPart(UriPartial.Authority);
        });
        builder.Services.RemoveAll<IHubProtocol>();
        builder.Services.AddSingleton<IHubProtocol, BlazorPackProtocol>();
        var connection = builder.Build();
        connection.On("JS.RenderBatch", handlers.Draw);
        connection.On<long, string, string?, int, long, int>(
            "JS.BeginInvokeJS", (handle, identifier, args, resultType, target, _) => handlers.RunScript(new ScriptCall(handle, identifier, args, resultType, target)));
        connection.On("JS.EndInvokeDotNet", handlers.EndCall);
        connection.On("JS.Error", handlers.Break);
        return connection;
    }

    /// <summary>Starts a circuit, which is empty, and adds a page's components to it.</summary>
    /// <param name="connection">Started.</param>
    /// <param name="visitor">Who has asked for the page.</param>
    /// <param name="path">Where it is.</param>
    /// <param name="page">What <see cref="Visitor.OpenAsync"/> has said of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The circuit's id.</returns>
    public static async Task<string> StartCircuitAsync(
        this HubConnection connection, Visitor visitor, string path, (IReadOnlyList<string> Components, string State) page, CancellationToken cancellationToken)
    {
        var circuit = await connection.InvokeAsync<string?>(
                "StartCircuit", visitor.Server.ToString(), new Uri(visitor.Server, path).ToString(), "[]", "", cancellationToken)
            ?? throw new InvalidOperationException("The server refused the circuit.");
        var operations = page.Components.Select((marker, i) => $$"""{"type":"add","ssrComponentId":{{i + 1}},"marker":{{marker}}}""");
        await connection.SendAsync("UpdateRootComponents", $$"""{"batchId":0,"operations":[{{string.Join(',', operations)}}]}""", page.State, cancellationToken);
        return circuit;
    }

    /// <summary>Gives a script's result to whoever waits for it.</summary>
    /// <param name="connection">Of the page.</param>
    /// <param name="call">What was called.</param>
    /// <param name="result">As JSON.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task ReturnAsync(this HubConnection connection, ScriptCall call, string result, CancellationToken cancellationToken) =>
        connection.SendAsync("EndInvokeJSFromDotNet", call.Handle, true, $"[{call.Handle},true,{result}]", cancellationToken);

    /// <summary>The object of the server that a script was given to call; null when it was given none.</summary>
    public static long? ObjectIn(ScriptCall call) =>
        call.Args is not null && DotNetObject().Match(call.Args) is { Success: true } match
            ? long.Parse(match.Groups["id"].Value, CultureInfo.InvariantCulture)
            : null;

    [GeneratedRegex("\"__dotNetObject\":(?<id>\\d+)", RegexOptions.None, 1000)]
    private static partial Regex DotNetObject();
}
