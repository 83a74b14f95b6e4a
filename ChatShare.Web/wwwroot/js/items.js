// @ts-check
// The files that this page sends: what each is, how it stands, and who wants to know. The list belongs to the page and not to a room.

import { newClientId } from "./ids.js";
import { forget } from "./memory.js";
import { nameOf } from "./text.js";

/** @typedef {"waiting" | "sending" | "paused" | "failed" | "done" | "cancelled"} State */

/**
 * @typedef {{
 *   clientId: string,
 *   batch: string,
 *   index: number,
 *   room: string,
 *   file: File,
 *   name: string,
 *   path: string,
 *   size: number,
 *   width?: number,
 *   height?: number,
 *   id: string,
 *   state: State,
 *   offset: number,
 *   sent: number,
 *   carried: number,
 *   isNew: boolean,
 *   mayBeHere: boolean,
 *   wasHere: boolean,
 *   error: string,
 *   canRetry: boolean,
 *   stop: AbortController,
 * }} Item
 * width, height: of a picture, where known; index: the place in its batch; id: of the file, empty until it is announced; offset: what the server is known to have; sent: with what is
 * on the way; carried: how much of that was not sent by this page; isNew: nothing of it can be on the server; mayBeHere: something of its
 * size is, and nobody has looked whether it is this; wasHere: it need not be sent
 */

/** @type {Set<Item>} */
const items = new Set();
/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {(sentence: string) => void} */
let voice = () => undefined;

/**
 * @param {() => void} listener called at once after a file's state has changed; how far it is may be read at any time
 * @param {AbortSignal} [signal] until when
 */
export function onChange(listener, signal) {
  listeners.add(listener);
  signal?.addEventListener("abort", () => listeners.delete(listener));
}

/** @param {(sentence: string) => void} say shows a sentence beside the composer that is there now */
export function setVoice(say) {
  voice = say;
}

/** @param {string} sentence */
export const say = (sentence) => voice(sentence);

/** In the order in which they were picked. @returns {Item[]} */
export const all = () => [...items];

/** @param {Item} item whether it was not called off or taken out of the list */
export const isListed = (item) => items.has(item);

/** @param {Item} item whether this page holds the file and can send it */
export const isHeld = (item) => item.state === "waiting" || item.state === "sending" || item.state === "paused";

/** @param {Item} item */
export const isUnderWay = (item) => item.state === "waiting" || item.state === "sending";

/** @param {import("./drags.js").Picked & { room: string, batch: string, index: number, id: string, isNew: boolean }} of @returns {Item} */
export function add(of) {
  /** @type {Item} */
  const item = {
    ...of,
    clientId: newClientId(),
    name: nameOf(of.file),
    size: of.file.size,
    state: "waiting",
    offset: 0,
    sent: 0,
    carried: 0,
    mayBeHere: false,
    wasHere: false,
    error: "",
    canRetry: false,
    stop: new AbortController(),
  };
  items.add(item);
  return item;
}

/** The server has nothing of it any more: it is announced once more, as a message of its own. @param {Item} item */
export function renew(item) {
  const id = newClientId();
  Object.assign(item, { clientId: id, batch: id, index: 0, id: "", isNew: true, mayBeHere: false, offset: 0, sent: 0, carried: 0 });
}

/** The server has this much of it, which this page need not have sent. @param {Item} item @param {number} offset */
export function isThere(item, offset) {
  item.carried += Math.max(0, offset - item.sent);
  item.offset = item.sent = offset;
}

/** @param {Item} item whether others of its batch are still to be announced */
export const isBatchOpen = (item) =>
  all().some((other) => other !== item && other.batch === item.batch && other.id === "" && other.state === "waiting");

/** @param {Item} item */
export const drop = (item) => items.delete(item);

export function changed() {
  for (const listener of listeners) {
    listener();
  }
  if (!all().some(isUnderWay)) {
    document.dispatchEvent(new Event("chatshare:uploads-idle"));
  }
}

let soon = 0;

/** Ten times a second is enough for hundreds of small files that are there in a moment. */
export function changedSoon() {
  soon ||= window.setTimeout(() => {
    soon = 0;
    changed();
  }, 100);
}

/** @param {Item} item @param {State} state */
export function halt(item, state) {
  item.state = state;
  item.stop.abort();
  item.stop = new AbortController();
  changed();
}

/** Takes one out of the list that was called off. @param {Item} item */
export function cancel(item) {
  forget(item.id);
  drop(item);
  halt(item, "cancelled");
}

/**
 * Says why, too: the line that says it may be hidden.
 * @param {Item} item @param {string} sentence @param {boolean} canRetry
 */
export function fail(item, sentence, canRetry) {
  item.canRetry = canRetry;
  item.error = sentence || "The server did not take this file.";
  halt(item, "failed");
  say(item.error);
}

/** Nothing more is sent: the session has ended, and the page says so. */
export function endAll() {
  for (const item of all().filter(isHeld)) {
    fail(item, "You have left.", false);
  }
}
