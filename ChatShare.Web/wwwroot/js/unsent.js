// @ts-check
// What was written in a room that is not open any more, and did not reach the server: a page that was closed or went elsewhere while the
// connection was lost left it behind. It goes by the HTTP API, in the order in which it was written.

import * as storage from "./storage.js";

const prefix = "chatshare.outbox/";
// As in the outbox: what is older is for the person to decide.
const staleAfter = 24 * 60 * 60 * 1000;

let isSending = false;

/** @param {string} key @returns {{ text: string, at: number } | null} null when nothing is to be sent without asking */
function waitingAt(key) {
  try {
    const { text, at, error } = JSON.parse(storage.read(key) ?? "null");
    return typeof text === "string" && typeof at === "number" && !error && Date.now() - at < staleAfter ? { text, at } : null;
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} text @returns {Promise<boolean>} false when the server cannot be asked now */
async function send(key, text) {
  const [, , room, clientId] = key.split("/");
  try {
    const response = await fetch(`/api/rooms/${encodeURIComponent(room)}/messages`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ text, clientId }),
    });
    if (response.ok) {
      storage.remove(key);
    }
    // What is refused stays, and stands in its room with the reason when that is opened.
    return response.status < 500 && response.status !== 401 && response.status !== 429;
  } catch {
    return false;
  }
}

/** @param {string} person whose page it is @param {string} open in lower case, the room whose outbox sends its own */
export async function sendUnsent(person, open) {
  if (isSending) {
    return;
  }
  isSending = true;
  const mine = `${prefix}${person}/`;
  const waiting = storage.keys(mine).filter((key) => !key.startsWith(`${mine}${open}/`))
    .flatMap((key) => {
      const entry = waitingAt(key);
      return entry ? [{ key, ...entry }] : [];
    })
    .sort((a, b) => a.at - b.at);
  for (const { key, text } of waiting) {
    if (!(await send(key, text))) {
      break;
    }
  }
  isSending = false;
}
