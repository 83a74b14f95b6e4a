// @ts-check
// The files that this page sends, by tus. They belong to the page and not to a room: a switch of rooms does not end them. Each is
// announced in the order in which it was picked, then sent from where its bytes on the server end, however often that takes.

import { newClientId } from "./ids.js";
import { forget, remember } from "./memory.js";
import { doesNotGetThrough, isReadable, passing, rest } from "./retry.js";
import * as tus from "./tus.js";

/** @typedef {"waiting" | "sending" | "paused" | "failed" | "done" | "cancelled"} State */

/**
 * @typedef {{
 *   clientId: string,
 *   batch: string,
 *   room: string,
 *   file: File,
 *   name: string,
 *   path: string,
 *   size: number,
 *   id: string,
 *   state: State,
 *   offset: number,
 *   sent: number,
 *   isNew: boolean,
 *   error: string,
 *   canRetry: boolean,
 *   stop: AbortController,
 * }} Item
 * id: of the file, empty until it is announced; offset: what the server is known to have; sent: with what is on the way; isNew: nothing of
 * it can be on the server
 */

const small = 32 * 1024 * 1024;
// Each file that comes or is complete changes its message, and everybody draws that again: hundreds in one would keep all busy.
const mostInMessage = 50;
// Of this size a file goes along with its announcement.
const tiny = 64 * 1024;
const smallestPart = 512 * 1024;

/** @type {Map<string, Item>} */
const items = new Map();
/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {(Item | null)[]} the first lane takes what is next; the second only small files, so that no large one holds them up */
const lanes = [null, null];
let announcing = false;
// What is sent in one request; smaller after something on the way did not let it through.
let largestPart = Infinity;
let isLeaving = false;
/** @type {((files: File[]) => void) | null} */
let circuit = null;
let throughCircuit = false;
/** @type {(sentence: string) => void} */
let say = () => undefined;

/**
 * @param {() => void} listener called at once after a file's state has changed; how far it is may be read at any time
 * @param {AbortSignal} [signal] until when
 */
export function onChange(listener, signal) {
  listeners.add(listener);
  signal?.addEventListener("abort", () => listeners.delete(listener));
}

/** @param {(sentence: string) => void} sayIt shows a sentence beside the composer that is there now */
export function setVoice(sayIt) {
  say = sayIt;
}

/** @param {(files: File[]) => void} hand sends files over the chat's own connection */
export function setFallback(hand) {
  circuit = hand;
}

/** In the order in which they were picked. @returns {Item[]} */
export const all = () => [...items.values()];

/** @param {string} id of the file @returns {Item | null} only while this page holds the file and can send it */
export function held(id) {
  const found = all().find((item) => item.id === id);
  return found && isHeld(found) ? found : null;
}

/** @param {Item} item */
const isHeld = (item) => item.state === "waiting" || item.state === "sending" || item.state === "paused";

/** @param {Item} item */
const isUnderWay = (item) => item.state === "waiting" || item.state === "sending";

/**
 * Sends files as one message.
 * @param {{ file: File, path: string }[]} picked path: the folder that it came out of, empty for none
 * @param {string} room
 */
export function share(picked, room) {
  if (throughCircuit && circuit && picked.length > 0) {
    circuit(picked.map(({ file }) => file));
    return;
  }
  let batch = "";
  for (const [index, { file, path }] of picked.entries()) {
    if (index % mostInMessage === 0) {
      batch = newClientId();
    }
    add({ file, path, room, batch, id: "", isNew: true });
  }
  changed();
  void announceAll();
}

/** Goes on with an upload whose file was chosen again. @param {File} file @param {string} id @param {string} name @param {string} room */
export function takeUp(file, id, name, room) {
  add({ file, path: "", room, batch: "", id, isNew: false }).name = name;
  changed();
  work();
}

/** @param {{ file: File, path: string, room: string, batch: string, id: string, isNew: boolean }} of @returns {Item} */
function add(of) {
  /** @type {Item} */
  const item = {
    ...of,
    clientId: newClientId(),
    name: of.file.name,
    size: of.file.size,
    state: "waiting",
    offset: 0,
    sent: 0,
    error: "",
    canRetry: false,
    stop: new AbortController(),
  };
  items.set(item.clientId, item);
  return item;
}

/** @param {Item} item */
export function pause(item) {
  if (isUnderWay(item)) {
    halt(item, "paused");
  }
}

/** @param {Item} item */
export function resume(item) {
  if (item.state === "paused" || (item.state === "failed" && item.canRetry)) {
    item.state = "waiting";
    item.error = "";
    changed();
    void announceAll();
    work();
  }
}

/** @param {Item} item */
export function cancel(item) {
  const wasHeld = isHeld(item) || item.canRetry;
  halt(item, "cancelled");
  items.delete(item.clientId);
  if (wasHeld && item.id !== "") {
    void removeFromServer(item.id);
  }
  changed();
}

/** Takes the ones that have ended out of the list. */
export function clearEnded() {
  for (const item of all().filter((item) => item.state === "done" || (item.state === "failed" && !item.canRetry))) {
    items.delete(item.clientId);
  }
  changed();
}

function changed() {
  for (const listener of listeners) {
    listener();
  }
  if (!all().some(isUnderWay)) {
    document.dispatchEvent(new Event("chatshare:uploads-idle"));
  }
}

/** @param {Item} item @param {State} state */
function halt(item, state) {
  item.state = state;
  item.stop.abort();
  item.stop = new AbortController();
  changed();
}

/** @param {Item} item @param {string} sentence @param {boolean} canRetry */
function fail(item, sentence, canRetry) {
  item.canRetry = canRetry;
  item.error = sentence || "The server did not take this file.";
  halt(item, "failed");
}

/** Nothing more is sent: the session has ended, and the page says so. */
function endAll() {
  for (const item of all().filter(isHeld)) {
    fail(item, "You have left.", false);
  }
}

/** One after the other, so that the cards stand in the order of the files. */
async function announceAll() {
  if (announcing) {
    return;
  }
  announcing = true;
  document.documentElement.dataset.announcing = "";
  for (let next = unannounced(); next; next = unannounced()) {
    await announce(next);
  }
  announcing = false;
  delete document.documentElement.dataset.announcing;
  changed();
}

const unannounced = () => all().find((item) => item.state === "waiting" && item.id === "");

/** @param {Item} item */
async function announce(item) {
  const { file, path, room, batch, clientId } = item;
  const metadata = { room, filename: file.name, filetype: file.type, path, batch, clientId, modified: String(file.lastModified) };
  // Never given up half way: what was announced has to be known, or it could not be called off.
  const { signal } = new AbortController();
  for (let tries = 1; item.state === "waiting"; tries++) {
    // Only the first try: what is refused, or does not get through, is not worth its bytes.
    const got = await tus.create(file, metadata, tries === 1 && item.size > 0 && item.size <= tiny, signal);
    if (got.status === 201 || got.status === 200) {
      announced(item, got);
      return;
    }
    if (got.status === 401) {
      endAll();
    } else if (await doesNotGetThrough(got, tries)) {
      fallBack();
    } else if (!passing.has(got.status)) {
      const isOver = got.status !== 507;
      fail(item, got.sentence, !isOver);
      say(item.error);
      if (isOver) {
        items.delete(clientId);
        changed();
      }
    } else {
      await rest(tries, got.retryAfter, signal);
    }
  }
}

/** @param {Item} item @param {tus.Answer} got */
function announced(item, got) {
  item.id = (got.location ?? "").split("/").pop() ?? "";
  if (!items.has(item.clientId)) {
    // Called off meanwhile.
    void removeFromServer(item.id);
    return;
  }
  item.offset = item.sent = got.offset ?? 0;
  if (item.size > 0 && item.offset === item.size) {
    item.state = "done";
    changed();
    return;
  }
  // Bytes that came along may have been stopped on the way.
  item.isNew = item.offset === 0;
  remember(item.id, item.file);
  changed();
  work();
}

/** Something on the way does not let uploads through: the chat's own connection does. */
function fallBack() {
  if (!circuit) {
    return;
  }
  throughCircuit = true;
  document.documentElement.dataset.uploads = "circuit";
  const files = all().filter((item) => item.id === "" && isHeld(item));
  for (const item of files) {
    halt(item, "cancelled");
    items.delete(item.clientId);
  }
  changed();
  say("These files go over the chat’s own connection, which is slower.");
  circuit(files.map(({ file }) => file));
}

/** Puts what is next into the lanes that are free. */
function work() {
  lanes.forEach((busy, lane) => {
    if (busy) {
      return;
    }
    const next = all().find((item) => item.state === "waiting" && item.id !== "" && (lane === 0 || item.size <= small));
    if (next) {
      lanes[lane] = next;
      next.state = "sending";
      changed();
      void send(next).finally(() => {
        lanes[lane] = null;
        work();
      });
    }
  });
}

/** Until it is there, or somebody stops it. @param {Item} item */
async function send(item) {
  const { signal } = item.stop;
  let known = item.isNew;
  /** @type {number | null} of a part that broke off: whether any of it has arrived says what to send next */
  let broken = null;
  item.isNew = false;
  for (let tries = 1; !signal.aborted; tries++) {
    if (!known) {
      const got = await tus.head(item.id, signal);
      if (signal.aborted) {
        return;
      }
      if (got.status !== 200 || got.offset === null) {
        await answered(item, got, tries, signal);
        continue;
      }
      if (got.offset > item.offset) {
        tries = 1;
      } else if (broken !== null) {
        largestPart = Math.max(smallestPart, Math.ceil(broken / 8));
      }
      known = true;
      item.offset = item.sent = got.offset;
      if (item.offset === item.size && item.size > 0) {
        break;
      }
    }

    const part = item.file.slice(item.offset, item.offset + largestPart);
    const got = await tus.append(item.id, item.offset, part, (sent) => (item.sent = item.offset + sent), signal);
    if (signal.aborted) {
      return;
    }
    if (got.status === 204 && got.offset !== null) {
      item.offset = item.sent = got.offset;
      tries = 0;
      broken = null;
      if (item.offset === item.size) {
        break;
      }
      continue;
    }
    known = false;
    const notLetThrough = got.status === 413 && !got.ours;
    broken = got.status === 0 || notLetThrough ? part.size : null;
    if (!(await isReadable(item.file))) {
      fail(item, `“${item.name}” was moved or changed on this computer. Choose it again.`, false);
    } else if (notLetThrough && part.size > smallestPart) {
      await rest(tries, 0, signal);
    } else {
      await answered(item, got, tries, signal);
    }
  }
  if (!signal.aborted) {
    forget(item.id);
    item.state = "done";
    changed();
  }
}

/** What becomes of it after another answer than the one that was hoped for. @param {Item} item @param {tus.Answer} got @param {number} tries @param {AbortSignal} signal */
async function answered(item, got, tries, signal) {
  if (got.status === 401) {
    endAll();
  } else if (passing.has(got.status)) {
    await rest(tries, got.retryAfter, signal);
  } else {
    forget(item.id);
    fail(item, got.status === 404 || got.status === 410 ? got.sentence || "This upload has ended." : got.sentence, false);
  }
}

/** @param {string} id */
async function removeFromServer(id) {
  forget(id);
  const { signal } = new AbortController();
  for (let tries = 1; passing.has((await tus.remove(id, signal)).status); tries++) {
    await rest(tries, 0, signal);
  }
}

window.addEventListener("beforeunload", (event) => {
  if (!isLeaving && all().some(isUnderWay)) {
    event.preventDefault();
  }
});
// The page wants to load itself anew. Files cannot be taken along, so those that are on their way are sent first.
document.addEventListener("chatshare:reload", (event) => {
  if (all().some(isUnderWay)) {
    event.preventDefault();
  } else {
    isLeaving = true;
  }
});
