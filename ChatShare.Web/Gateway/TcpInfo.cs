using System.Buffers.Binary;
using System.Net.Sockets;

namespace ChatShare.Web.Gateway;

/// <summary>What the kernel knows of a connection: <c>struct tcp_info</c> of Linux (<c>include/uapi/linux/tcp.h</c>).</summary>
/// <param name="BytesAcked">Bytes that the peer's kernel has taken, since the beginning.</param>
/// <param name="SendWindow">Bytes that it would take now; as far as its program is known, the free part of its buffer.</param>
/// <param name="IsClosed">Whether it will take no more.</param>
internal readonly record struct TcpInfo(long BytesAcked, long SendWindow, bool IsClosed)
{
    private const int ProtocolTcp = 6;
    private const int OptionInfo = 11;
    private const int StateClosed = 7;
    private const int BytesAckedOffset = 120;
    private const int SendWindowOffset = 228;

    // Of a kernel that does not tell: the largest buffer that Linux gives a receiver by itself.
    private const long UnknownWindow = 6 * 1024 * 1024;

    /// <summary>Null elsewhere than on Linux.</summary>
    /// <exception cref="SocketException">The connection is gone.</exception>
    public static TcpInfo? Of(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        Span<byte> info = stackalloc byte[SendWindowOffset + sizeof(int)];
        var length = socket.GetRawSocketOption(ProtocolTcp, OptionInfo, info);
        if (length < BytesAckedOffset + sizeof(long))
            return null;
        return new TcpInfo(
            BinaryPrimitives.ReadInt64LittleEndian(info[BytesAckedOffset..]),
            length < info.Length ? UnknownWindow : BinaryPrimitives.ReadUInt32LittleEndian(info[SendWindowOffset..]),
            info[0] == StateClosed);
    }
}
