// @ts-check
// When to try again, and when that is of no use.

import { isConnectionLost } from "./server.js";

const shortestPause = 500;
const longestPause = 3000;
// So often in a row no answer of the server comes to a request although it can be reached: the request does not get through.
const mostStrange = 3;

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
 * Whether it is not the server that refuses a request, but something on the way.
 * @param {import("./tus.js").Answer} got @param {number} strange how many answers in a row, with this one, did not come or were not the server's
 */
export async function doesNotGetThrough(got, strange) {
  // The server itself knows every method that is sent here: another one arrived.
  if (isConnectionLost() || (got.ours && got.status !== 405)) {
    return false;
  }
  if (!passing.has(got.status)) {
    return true;
  }
  if (strange < mostStrange) {
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
