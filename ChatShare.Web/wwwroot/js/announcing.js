// @ts-check
// Tells the server of files before their bytes go: from then on everybody sees their cards.

import * as items from "./items.js";
import { remember } from "./memory.js";
import { doesNotGetThrough, passing, rest } from "./retry.js";
import { removeFromServer, work } from "./sending.js";
import * as tus from "./tus.js";

/** @typedef {import("./items.js").Item} Item */

// Of this size a file goes along with its announcement.
const tiny = 64 * 1024;
// A browser has six connections to a server; two of them are for the files that are sent.
const sideBySide = 4;

/** @type {Set<Item>} */
const underWay = new Set();
/** @type {Set<string>} the batches whose message is there */
const opened = new Set();
/** @type {((files: File[]) => void) | null} */
let circuit = null;
let throughCircuit = false;

/** @param {(files: File[]) => void} hand sends files over the chat's own connection */
export function setFallback(hand) {
  circuit = hand;
}

/** @param {File[]} files @returns {boolean} whether they went over the chat's own connection, because nothing else gets through */
export function handedOver(files) {
  if (!throughCircuit || !circuit || files.length === 0) {
    return false;
  }
  circuit(files);
  return true;
}

/** Several side by side: each says its place, so that the cards stand in the order of the files whichever comes first. */
export function announceAll() {
  const root = document.documentElement;
  for (let next = unannounced(); next && underWay.size < sideBySide; next = unannounced()) {
    const item = next;
    underWay.add(item);
    root.dataset.announcing = "";
    void announce(item).finally(() => {
      underWay.delete(item);
      announceAll();
      work();
      if (underWay.size === 0) {
        delete root.dataset.announcing;
        items.changed();
      }
    });
  }
}

/** The first file of a batch goes alone, because it makes the message: those of what was picked later must not stand above it. */
function unannounced() {
  for (const item of items.all()) {
    if (item.state !== "waiting" || item.id !== "") {
      continue;
    }
    if (!underWay.has(item)) {
      return item;
    }
    if (!opened.has(item.batch)) {
      return null;
    }
  }
  return null;
}

/**
 * The first file of several goes without its bytes, and they go when the others are announced: else the card would be the finished one
 * of all files whenever none is on its way, and everybody would draw hundreds of lines again and again.
 * @param {Item} item
 */
const opensBatch = (item) => item.batch !== "" && !opened.has(item.batch) && items.isBatchOpen(item);

/** @param {Item} item */
async function announce(item) {
  const { file, path, room, batch, index, clientId } = item;
  const metadata = {
    room, filename: file.name, filetype: file.type, path, batch, index: String(index), clientId, modified: String(file.lastModified),
  };
  // Never given up half way: what was announced has to be known, or it could not be called off.
  const { signal } = new AbortController();
  for (let tries = 1; item.state === "waiting"; tries++) {
    // Only the first try: what is refused, or does not get through, is not worth its bytes.
    const isWhole = tries === 1 && item.size > 0 && item.size <= tiny && !opensBatch(item);
    const got = await tus.create(file, metadata, isWhole, signal);
    if (got.status === 201 || got.status === 200) {
      opened.add(batch);
      announced(item, got);
      return;
    }
    if (got.status === 401) {
      items.endAll();
    } else if (await doesNotGetThrough(got, tries)) {
      fallBack();
    } else if (!passing.has(got.status)) {
      const isOver = got.status !== 507;
      items.fail(item, got.sentence, !isOver);
      items.say(item.error);
      if (isOver) {
        items.drop(item);
        items.changed();
      }
    } else {
      await rest(tries, got.retryAfter, signal);
    }
  }
}

/** @param {Item} item @param {tus.Answer} got */
function announced(item, got) {
  item.id = (got.location ?? "").split("/").pop() ?? "";
  if (!items.isListed(item)) {
    // Called off meanwhile.
    void removeFromServer(item.id);
    return;
  }
  item.offset = item.sent = got.offset ?? 0;
  items.changedSoon();
  if (item.size > 0 && item.offset === item.size) {
    item.state = "done";
    return;
  }
  // Bytes that came along may have been stopped on the way.
  item.isNew = item.offset === 0;
  item.mayBeHere = got.sameSize;
  remember(item.id, item.file);
  work();
}

/** Something on the way does not let uploads through: the chat's own connection does. */
function fallBack() {
  if (!circuit) {
    return;
  }
  throughCircuit = true;
  document.documentElement.dataset.uploads = "circuit";
  const files = items.all().filter((item) => item.id === "" && items.isHeld(item));
  if (files.length === 0) {
    return;
  }
  for (const item of files) {
    items.halt(item, "cancelled");
    items.drop(item);
  }
  items.changed();
  items.say("These files go over the chat’s own connection, which is slower.");
  circuit(files.map(({ file }) => file));
}
