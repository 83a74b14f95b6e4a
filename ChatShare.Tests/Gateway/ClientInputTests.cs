using System.IO.Pipelines;
using System.Text;
using ChatShare.Tests.Support;
using ChatShare.Web.Gateway;

namespace ChatShare.Tests.Gateway;

/// <summary>What the gateway makes of the bytes of a client, without a network and on a clock that stands still.</summary>
public sealed class ClientInputTests
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(10);

    private readonly StillClock _clock = new();
    private readonly GatewayPace _pace = new();

    // Whatever comes or is due is looked at before the test goes on.
    private readonly Pipe _pipe = new(new PipeOptions(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));

    private readonly ClientInput _input;

    public ClientInputTests() => _input = new ClientInput(_pipe.Reader, _pace, _clock);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Long_messages_that_come_twenty_times_a_second_are_not_joined()
    {
        for (var number = 0; number < 5; number++)
        {
            var next = _input.NextAsync(Cancel);
            await SayAsync(Long(1200, number));
            _clock.Advance(TimeSpan.FromMilliseconds(50));

            Assert.Equal(Long(1200, number), await TextAsync(next));
        }
    }

    [Theory]
    [InlineData(1448, 5)]
    [InlineData(4096, 90)]
    [InlineData(8192, 90)]
    public async Task Rest_of_a_long_text_is_waited_for(int firstPart, int millisecondsBetween)
    {
        var text = Long(9000, 1);
        var next = _input.NextAsync(Cancel);
        await SayAsync(text[..firstPart]);
        _clock.Advance(TimeSpan.FromMilliseconds(millisecondsBetween));
        await SayAsync(text[firstPart..]);
        _clock.Advance(_pace.Pieces);

        Assert.Equal(text, await TextAsync(next));
    }

    [Theory]
    [InlineData(16_001)]
    [InlineData(20_000)]
    [InlineData(33_000)]
    public async Task Text_that_is_too_long_for_one_message_is_said_to_its_end_and_a_file_behind_it_is_one(int length)
    {
        var text = Long(length, 1).Replace(' ', '_');
        await SayAsync(text);

        var said = "";
        while (said.Length < length)
            said += await SettledAsync();
        Assert.Equal(text, said);
        await SayAsync("FILE_TRANSFER:a.bin:3");
        Assert.Equal("a.bin", await FileAsync(2));
    }

    [Fact]
    public async Task What_comes_with_the_name_is_said_next_however_long_it_is()
    {
        var line = _input.NextLineAsync(Cancel);
        await SayAsync($"Ann\n{Long(1500, 1)}");
        _clock.Advance(_pace.Pieces);

        Assert.Equal("Ann\n", await TextAsync(line));
        Assert.Equal(Long(1500, 1), await SettledAsync());
        await SayAsync("FILE_TRANSFER:a.bin:3");
        Assert.Equal("a.bin", await FileAsync(2));
    }

    [Theory]
    [InlineData("READY", false, "")]
    [InlineData("READY\r\n", false, "")]
    [InlineData("READY", true, "")]
    [InlineData("READYhello", true, "hello")]
    [InlineData("helloREADY", true, "hello")]
    public async Task Ready_is_the_answer_while_it_is_waited_for(string said, bool hasAnsweredBefore, string message)
    {
        if (hasAnsweredBefore)
            await AnswerAsync();
        var listening = _input.Ready.Ask();
        await SayAsync(said);

        Assert.Equal(message, await AllAsync());
        Assert.True(listening.IsCompletedSuccessfully);
    }

    [Theory]
    // The desktop window never answers: its person has typed this.
    [InlineData("READY, set, go", false, false, 0)]
    [InlineData("I am READY", false, false, 0)]
    [InlineData("READY, set, go", true, true, 0)]
    // In the minutes of a long file.
    [InlineData("READY", false, true, 6)]
    [InlineData("READY", true, true, 6)]
    public async Task Ready_is_a_message_when_it_is_no_answer(string said, bool hasAnsweredBefore, bool bytesHaveBegun, int secondsSince)
    {
        if (hasAnsweredBefore)
            await AnswerAsync();
        var listening = _input.Ready.Ask();
        if (bytesHaveBegun)
            _input.Ready.StopWaiting();
        _clock.Advance(TimeSpan.FromSeconds(secondsSince));
        await SayAsync(said);

        Assert.Equal(said, await AllAsync());
        Assert.False(listening.IsCompleted);
    }

    [Fact]
    public async Task Ready_that_comes_a_little_late_is_the_answer_once()
    {
        var listening = _input.Ready.Ask();
        _input.Ready.StopWaiting();
        _clock.Advance(TimeSpan.FromSeconds(1));
        var next = _input.NextAsync(Cancel);
        await SayAsync("READY");
        Assert.True(listening.IsCompletedSuccessfully);
        await SayAsync("READY");

        Assert.Equal("READY", await TextAsync(next));
    }

    private static string Long(int length, int number) => string.Concat(Enumerable.Repeat($"message {number}. ", length))[..length];

    private static async Task<string?> TextAsync(Task<ClientSaid?> said) => (await said.WaitAsync(Enough, Cancel) as ClientSaid.Text)?.Value;

    /// <summary>What is said when nothing more comes.</summary>
    private async Task<string?> SettledAsync()
    {
        var next = _input.NextAsync(Cancel);
        _clock.Advance(_pace.Pieces);
        return await TextAsync(next);
    }

    /// <summary>The name of a file that is announced, some of whose bytes come with the announcement.</summary>
    private async Task<string> FileAsync(int bytes)
    {
        var next = _input.NextAsync(Cancel);
        _clock.Advance(_pace.Quiet);
        var file = Assert.IsType<ClientSaid.File>(await next.WaitAsync(Enough, Cancel));
        await SayAsync(new string('x', (int)file.Bytes.Left));
        var content = new byte[bytes];
        await file.Bytes.ReadExactlyAsync(content, Cancel).AsTask().WaitAsync(Enough, Cancel);
        await file.Bytes.DrainAsync(Cancel).WaitAsync(Enough, Cancel);
        return file.Header.Name;
    }

    private async Task SayAsync(string text) => await _pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(text), Cancel);

    private async Task AnswerAsync()
    {
        _ = _input.Ready.Ask();
        var next = _input.NextAsync(Cancel);
        await SayAsync("READY");
        await SayAsync("first");
        Assert.Equal("first", await TextAsync(next));
    }

    /// <summary>All that is said until the client hangs up.</summary>
    private async Task<string> AllAsync()
    {
        await _pipe.Writer.CompleteAsync();
        var all = new StringBuilder();
        while (await TextAsync(_input.NextAsync(Cancel)) is { } text)
            all.Append(text);
        return all.ToString();
    }
}
