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

/** @type {Set<Item>} */
const underWay = new Set();
/** @type {Set<string>} the batches whose message is there */
const opened = new Set();

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
  let strange = 0;
  for (let tries = 1; item.state === "waiting"; tries++) {
    // Only the first try: what is refused, or does not get through, is not worth its bytes.
    const isWhole = tries === 1 && item.size > 0 && item.size <= tiny && !opensBatch(item);
    const got = await tus.create(file, metadata, isWhole, signal);
    // Also one whose bytes were refused, because too many are sent at once, says where it is.
    if (got.status === 201 || got.status === 200 || (got.ours && got.location !== null)) {
      opened.add(batch);
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
