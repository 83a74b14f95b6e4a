// @ts-check
// When to try again, and when that is of no use.

import { isConnectionLost } from "./server.js";

const shortestPause = 500;
const longestPause = 3000;
// So often in a row no answer comes to an announcement although the server can be reached: it does not get through.
const mostSilences = 3;

/** Statuses after which the server may do better a moment later, or the network. */
export const passing = new Set([0, 408, 409, 423, 425, 429, 500, 502, 503, 504]);

/** @param {number} tries @param {number} atLeast @param {AbortSignal} signal ends early when the connection comes back, or the signal says so */
export function rest(tries, atLeast, signal) {
  return new Promise((resolve) => {
    const done = new AbortController();
    const finish = () => {
      clearTimeout(timer);
      done.abort();
      resolve(undefined);
    };
    // Many pages may have lost the server at the same moment.
    const growing = Math.min(shortestPause * tries, longestPause) * (0.75 + Math.random() / 4);
    const timer = setTimeout(finish, Math.max(growing, atLeast));
    signal.addEventListener("abort", finish, { signal: done.signal });
    if (atLeast === 0) {
      window.addEventListener("online", finish, { signal: done.signal });
      document.addEventListener("chatshare:reconnected", finish, { signal: done.signal });
    }
  });
}

/**
 * Whether it is not the server that refuses an announcement, but something on the way.
 * @param {import("./tus.js").Answer} got @param {number} tries
 */
export async function doesNotGetThrough(got, tries) {
  if (isConnectionLost()) {
    return false;
  }
  if (got.status !== 0) {
    return !got.ours && !passing.has(got.status);
  }
  if (tries < mostSilences) {
    return false;
  }
  try {
    return (await fetch("/health/live", { cache: "no-store", signal: AbortSignal.timeout(longestPause) })).ok && !isConnectionLost();
  } catch {
    return false;
  }
}

/** Whether it is still there as it was picked: a browser tells so only when it is read. @param {File} file */
export async function isReadable(file) {
  try {
    await file.slice(Math.max(0, file.size - 1)).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
