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

let announcing = false;
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

/** One after the other, so that the cards stand in the order of the files. */
export async function announceAll() {
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
  items.changed();
}

const unannounced = () => items.all().find((item) => item.state === "waiting" && item.id === "");

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
  if (item.size > 0 && item.offset === item.size) {
    item.state = "done";
    items.changed();
    return;
  }
  // Bytes that came along may have been stopped on the way.
  item.isNew = item.offset === 0;
  item.mayBeHere = got.sameSize;
  remember(item.id, item.file);
  items.changed();
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
  for (const item of files) {
    items.halt(item, "cancelled");
    items.drop(item);
  }
  items.changed();
  items.say("These files go over the chat’s own connection, which is slower.");
  circuit(files.map(({ file }) => file));
}
