// @ts-check
// What the person has seen, for the marks of what is unread.

import { ConnectionLost } from "./server.js";

const interval = 3000;

/**
 * @param {{ newest: () => number, server: import("./server.js").Server, signal: AbortSignal }} options newest: the number of the newest message
 *   that is on the screen now, 0 when nobody looks; server: outlives the signal
 */
export function createSeen({ newest, server, signal }) {
  /** The newest that was on the screen, and what of it the server was told. */
  let onScreen = 0;
  let told = 0;
  let timer = 0;

  /** Tells it at most every three seconds, and never the same twice. */
  function report() {
    onScreen = Math.max(onScreen, newest());
    if (timer || onScreen <= told) {
      return;
    }
    tell();
    timer = window.setTimeout(() => {
      timer = 0;
      report();
    }, interval);
  }

  /** At once. */
  function tell() {
    if (onScreen <= told) {
      return;
    }
    told = onScreen;
    server.call("SeenAsync", told).catch((reason) => {
      // Told again after the connection is back; another refusal is the server's last word on this number.
      if (reason instanceof ConnectionLost) {
        told = 0;
      }
    });
  }

  // What is seen is seen, also by whoever goes before it is time.
  window.addEventListener("pagehide", tell, { signal });
  signal.addEventListener("abort", () => {
    tell();
    clearTimeout(timer);
  });

  return { report, tell };
}
