// @ts-check
// Tells the server of files before their bytes go: from then on everybody sees their cards.

import "./already-here.js";
import { fallBack } from "./fallback.js";
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
const mostTogether = 500;
const mostTries = 3;

/** @type {Set<Item>} */
const underWay = new Set();
/** @type {Set<string>} the batches whose message is there */
const opened = new Set();
/** @type {Set<string>} the batches whose files are announced one by one, because they could not be all at once */
const divided = new Set();

/** Files of one batch together, so that everybody sees from the start how many they are; else several side by side. */
export function announceAll() {
  const root = document.documentElement;
  for (let next = unannounced(); next.length > 0 && underWay.size < sideBySide; next = unannounced()) {
    const those = next;
    those.forEach((item) => underWay.add(item));
    root.dataset.announcing = "";
    void (those.length > 1 ? announceTogether(those) : announce(those[0])).finally(() => {
      those.forEach((item) => underWay.delete(item));
      announceAll();
      work();
      if (underWay.size === 0) {
        delete root.dataset.announcing;
        items.changed();
      }
    });
  }
}

/**
 * What is next. The first file of a divided batch goes alone, because it makes the message: those of what was picked later must not stand above
 * it. Each of the others says its place, so that the cards stand in the order of the files whichever comes first.
 * @returns {Item[]}
 */
function unannounced() {
  for (const item of items.all()) {
    if (item.state !== "waiting" || item.id !== "") {
      continue;
    }
    if (!underWay.has(item)) {
      return divided.has(item.batch) ? [item] : items.all().filter((other) => isWith(item, other)).slice(0, mostTogether);
    }
    if (!opened.has(item.batch)) {
      return [];
    }
  }
  return [];
}

/** @param {Item} item @param {Item} other */
const isWith = (item, other) => other.batch === item.batch && other.state === "waiting" && other.id === "" && !underWay.has(other);

/**
 * The first file of a divided batch goes without its bytes, and they go when the others are announced: else the card would be the finished one
 * of all files whenever none is on its way, and everybody would draw hundreds of lines again and again.
 * @param {Item} item
 */
const opensBatch = (item) => item.batch !== "" && !opened.has(item.batch) && items.isBatchOpen(item);

/** @param {Item} item @returns {tus.Creation} */
const creationOf = ({ file, size, path, room, batch, index, clientId, width, height }) => ({
  size,
  metadata: {
    room, filename: file.name, filetype: file.type, path: path && `${path}/`, batch, index: String(index), clientId, modified: String(file.lastModified),
    ...(width && height ? { width: String(width), height: String(height) } : {}),
  },
});

/**
 * All or none. When it is none, one by one it is found out which of them is refused and why, or that an answer was lost.
 * @param {Item[]} those
 */
async function announceTogether(those) {
  const { batch } = those[0];
  const { signal } = new AbortController();
  for (let tries = 1; tries <= mostTries; tries++) {
    const wanted = those.filter((item) => item.state === "waiting");
    if (wanted.length === 0) {
      return;
    }
    const got = await tus.createAll(wanted.map(creationOf), signal);
    const uploads = got.status === 201 ? got.body?.uploads : null;
    if (Array.isArray(uploads) && uploads.length === wanted.length) {
      opened.add(batch);
      wanted.forEach((item, at) => announced(item, { offset: 0, ...uploads[at] }));
      return;
    }
    if (!passing.has(got.status) || got.status === 409 || tries === mostTries) {
      break;
    }
    await rest(tries, got.retryAfter, signal);
  }
  divided.add(batch);
}

/** @param {Item} item */
async function announce(item) {
  // Never given up half way: what was announced has to be known, or it could not be called off.
  const { signal } = new AbortController();
  let strange = 0;
  for (let tries = 1; item.state === "waiting"; tries++) {
    // Only the first try: what is refused, or does not get through, is not worth its bytes.
    const isWhole = tries === 1 && item.size > 0 && item.size <= tiny && !opensBatch(item);
    const got = await tus.create(creationOf(item), isWhole ? item.file.slice() : null, signal);
    // Also one whose bytes were refused, because too many are sent at once, says where it is.
    if (got.status === 201 || got.status === 200 || (got.ours && got.location !== null)) {
      opened.add(item.batch);
      announced(item, got);
      return;
    }
    strange = got.ours ? 0 : strange + 1;
    if (got.status === 401) {
      items.endAll();
    } else if (await doesNotGetThrough(got, strange)) {
      fallBack((other) => other.id === "");
    } else if (!passing.has(got.status)) {
      const isOver = got.status !== 507;
      items.fail(item, got.sentence, !isOver);
      if (isOver) {
        items.drop(item);
        items.changed();
      }
    } else {
      await rest(tries, got.retryAfter, signal);
    }
  }
}

/** @param {Item} item @param {{ location: string | null, offset: number | null, sameSize: boolean }} got */
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
