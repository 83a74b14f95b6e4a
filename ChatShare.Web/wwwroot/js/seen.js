// @ts-check
// What the person has seen, for the marks of what is unread.

import { ConnectionLost } from "./server.js";

const interval = 3000;

/**
 * @param {{
 *   newest: () => number,
 *   isGlance: () => boolean,
 *   server: import("./server.js").Server,
 *   signal: AbortSignal,
 * }} options newest: the number of the newest message that is on the screen now, 0 when nobody looks; isGlance: whether much before it was not,
 *   and nobody has said yet that it does not matter; server: outlives the signal
 */
export function createSeen({ newest, isGlance, server, signal }) {
  /** The newest that was on the screen, what of it counts as seen, and what of that the server was told. */
  let shown = 0;
  let onScreen = 0;
  let told = 0;
  let timer = 0;

  /** Tells it at most every three seconds, and never the same twice. */
  function report() {
    shown = Math.max(shown, newest());
    onScreen = isGlance() ? onScreen : shown;
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

  /** Whoever answers or goes elsewhere has had their look. */
  function tellAll() {
    onScreen = shown;
    tell();
  }

  // What is seen is seen, also by whoever goes before it is time. But the page may only load itself anew, and a glance is none then.
  window.addEventListener("pagehide", tell, { signal });
  signal.addEventListener("abort", () => {
    tellAll();
    clearTimeout(timer);
  });

  return { report, tell, tellAll };
}
