// @ts-check
// Calls into .NET that end. A call over a circuit whose connection breaks is neither answered nor refused by Blazor,
// its promise stays open for ever; here it is rejected as soon as the connection is known to be lost.

/** @typedef {{ invokeMethodAsync(method: string, ...args: unknown[]): Promise<any> }} DotNetRef */

/** The call did not reach the server, or its answer did not come back. */
export class ConnectionLost extends Error {}

/** @returns {boolean} whether the connection is known to be lost (boot.js keeps it on <html>) */
export function isConnectionLost() {
  return document.documentElement.dataset.connection === "lost";
}

/**
 * @param {DotNetRef} dotnet
 * @param {AbortSignal} signal aborted when the room page goes: what is still open is then rejected as lost
 */
export function createServer(dotnet, signal) {
  return {
    /**
     * @param {string} method
     * @param {...unknown} args
     * @returns {Promise<any>} rejected with ConnectionLost, or with what the method threw
     */
    call(method, ...args) {
      if (isConnectionLost() || signal.aborted) {
        return Promise.reject(new ConnectionLost());
      }
      return new Promise((resolve, reject) => {
        const settled = new AbortController();
        const lost = () => {
          // The answer may never come.
          settled.abort();
          reject(new ConnectionLost());
        };
        document.addEventListener("chatshare:disconnected", lost, { signal: settled.signal });
        signal.addEventListener("abort", lost, { signal: settled.signal });
        dotnet
          .invokeMethodAsync(method, ...args)
          .then(resolve, reject)
          .finally(() => settled.abort());
      });
    },
  };
}

/** @typedef {ReturnType<typeof createServer>} Server */
