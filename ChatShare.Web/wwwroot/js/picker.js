// @ts-check
// Hands files to Blazor as if they had been picked there, for when nothing but the chat's own connection gets through. The server is told
// beforehand where they go, because by then another room may be open.

import { ConnectionLost, createServer, isConnectionLost } from "./server.js";

/** @typedef {import("./drop.js").Picked} Picked */
/** @typedef {import("./server.js").Server} Server */

// The input describes all its files to the server in one message, and one over 64 KiB would end the circuit.
const longestDescription = 60_000;
const describedBesideName = 120;

/**
 * @param {Picked[]} picked @param {number} most files of one message; 0 for no limit
 * @returns {Picked[][]} as few groups as can each be one message, and described in one
 */
function groupsOf(picked, most) {
  const encoder = new TextEncoder();
  /** @type {Picked[][]} */
  const groups = [];
  let left = 0;
  for (const one of picked) {
    const length = describedBesideName + encoder.encode(one.file.name + one.file.type + one.path).length;
    if (length > left || groups[groups.length - 1].length === most) {
      groups.push([]);
      left = longestDescription;
    }
    groups[groups.length - 1].push(one);
    left -= length;
  }
  return groups;
}

/** @type {(server: Server) => void} */
let found;
/** @type {Promise<Server>} */
const picker = new Promise((resolve) => (found = resolve));

/** Called once by the component of the input. @param {import("./server.js").DotNetRef} dotnet */
export function start(dotnet) {
  found(createServer(dotnet, new AbortController().signal));
}

const input = () => /** @type {HTMLInputElement | null} */ (document.getElementById("attach-files"));

/**
 * @param {Element | null} before the input that was used last
 * @returns {Promise<boolean>} when the server has put the next one in its place, and Blazor listens to it: it gives each a counter; false
 *   when the connection broke before, so that nobody knows whether the last one was heard
 */
async function nextInput(before) {
  const isNext = () => input() !== null && input() !== before && "_blazorInputFileNextFileId" in /** @type {object} */ (input());
  const waited = new AbortController();
  let isBroken = isConnectionLost();
  document.addEventListener("chatshare:disconnected", () => (isBroken = true), { signal: waited.signal });
  while (!isNext() && !isBroken) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  waited.abort();
  return isNext();
}

/** Tells the server where the next pick goes, as soon as it can be told. @param {Picked[]} group @param {string} room */
async function announce(group, room) {
  const server = await picker;
  for (;;) {
    try {
      await server.call("Expect", room, group.map(({ path }) => path));
      return;
    } catch (error) {
      if (!(error instanceof ConnectionLost)) {
        throw error;
      }
      if (isConnectionLost()) {
        await new Promise((resolve) => document.addEventListener("chatshare:reconnected", resolve, { once: true }));
      }
    }
  }
}

let handsOver = false;
/** Whether the change of the input that is being heard of was made here. */
export const isHandingOver = () => handsOver;
let waiting = 0;
/** @type {Promise<void>} one group after the other, each in an input of its own */
let handing = Promise.resolve();

/** Whether files are on their way over the chat's own connection: an input that is in use is hidden. */
export const isSending = () => waiting > 0 || document.querySelector(".picker input[hidden]") !== null;

/** @param {Picked[]} picked @param {string} room @param {number} most files of one message; 0 for no limit */
export function sendOverCircuit(picked, room, most) {
  for (const group of groupsOf(picked, most)) {
    const next = () => hand(group, room).finally(() => waiting--);
    waiting++;
    // One that went wrong does not hold up the others.
    handing = handing.then(next, next);
  }
}

/** @param {Picked[]} group @param {string} room */
async function hand(group, room) {
  /** @type {HTMLInputElement | null} */
  let used = null;
  do {
    await announce(group, room);
    // The answer came behind whatever the server has drawn: when the input is another one, it has heard of them.
    if (used && input() !== used) {
      return;
    }
    await nextInput(null);
    used = input();
    if (used) {
      give(used, group);
    }
  } while (!(await nextInput(used)));
}

/** @param {HTMLInputElement} target @param {Picked[]} group */
function give(target, group) {
  const transfer = new DataTransfer();
  group.forEach(({ file }) => transfer.items.add(file));
  handsOver = true;
  target.files = transfer.files;
  target.dispatchEvent(new Event("change", { bubbles: true }));
  handsOver = false;
  // Blazor holds them; a room that opens now must not find them here.
  target.value = "";
}
