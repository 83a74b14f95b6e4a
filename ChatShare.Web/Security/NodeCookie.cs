using System.Security.Cryptography;
using ChatShare.Core.Cluster;

namespace ChatShare.Web.Security;

/// <summary>
/// Of several nodes, a browser has to come to the same one each time: its page lives there. The web server in front tells browsers apart by this
/// cookie, which says nothing else. The session's own would not do, because it is written anew now and then.
/// </summary>
internal sealed class NodeCookie(RequestDelegate next, RedisConnection redis)
{
    /// <summary>The cookie's name; what stands in deploy/nginx.conf.</summary>
    public const string Name = "chatshare_node";

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(400);

    public Task InvokeAsync(HttpContext context)
    {
        if (redis.IsWanted && !context.Request.Cookies.ContainsKey(Name))
        {
            context.Response.Cookies.Append(Name, RandomNumberGenerator.GetHexString(16, lowercase: true), new CookieOptions
            {
                HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = context.Request.IsHttps, IsEssential = true, MaxAge = Lifetime,
            });
        }

        return next(context);
    }
}
