// @ts-check
// What a page does with the files that it sends. Each is announced, then sent.

import { announceAll } from "./announcing.js";
import { handedOver } from "./fallback.js";
import { newClientId } from "./ids.js";
import * as items from "./items.js";
import { isSending } from "./picker.js";
import { removeFromServer, work } from "./sending.js";

export { setFallback } from "./fallback.js";
export { all, onChange, setVoice } from "./items.js";

/** @typedef {import("./items.js").Item} Item */

let mostInMessage = Infinity;
let isLeaving = false;

/** @param {number} most files of one message; 0 for no limit */
export function setFilesPerMessage(most) {
  mostInMessage = most > 0 ? most : Infinity;
}

/** @param {string} id of the file @returns {Item | null} only while this page holds the file and can send it */
export function held(id) {
  const found = items.all().find((item) => item.id === id);
  return found && items.isHeld(found) ? found : null;
}

/**
 * Sends files as one message, or as few as can take so many.
 * @param {import("./drags.js").Picked[]} picked
 * @param {string} room
 * @param {Promise<unknown> | null} [before] what they wait for; in the list they are at once, or the page could load itself anew meanwhile
 */
export async function share(picked, room, before = null) {
  if (handedOver(picked, room)) {
    return;
  }
  if (picked.length > mostInMessage) {
    items.say(`One message takes ${mostInMessage} files here; these ${picked.length} go as ${Math.ceil(picked.length / mostInMessage)}.`);
  }
  let batch = "";
  for (const [place, one] of picked.entries()) {
    const index = place % mostInMessage;
    if (index === 0) {
      batch = newClientId();
    }
    items.add({ ...one, room, batch, index, id: "", isNew: true });
  }
  items.changed();
  if (before) {
    await before;
  }
  announceAll();
}

/** Goes on with an upload whose file was chosen again. @param {File} file @param {string} id @param {string} name @param {string} room */
export function takeUp(file, id, name, room) {
  items.add({ file, path: "", room, batch: "", index: 0, id, isNew: false }).name = name;
  items.changed();
  work();
}

/** @param {Item} item */
export function pause(item) {
  if (items.isUnderWay(item)) {
    items.halt(item, "paused");
  }
}

/** @param {Item} item */
export function resume(item) {
  if (item.state === "paused" || (item.state === "failed" && item.canRetry)) {
    if (item.state === "failed" && item.id !== "") {
      // What is left of it is of no use: where the server itself refused it, there is nothing.
      void removeFromServer(item.id);
      items.renew(item);
    }
    item.state = "waiting";
    item.error = "";
    items.changed();
    announceAll();
    work();
  }
}

/** @param {Item} item */
export function cancel(item) {
  const wasHeld = items.isHeld(item) || item.canRetry;
  items.cancel(item);
  if (wasHeld && item.id !== "") {
    void removeFromServer(item.id);
  }
}

/** What was called off elsewhere stops at once. @param {string} id of the file */
export function calledOff(id) {
  const item = held(id);
  if (item) {
    items.cancel(item);
  }
}

/** Takes the ones that have ended out of the list. */
export function clearEnded() {
  for (const item of items.all().filter((item) => item.state === "done" || (item.state === "failed" && !item.canRetry))) {
    items.drop(item);
  }
  items.changed();
}

window.addEventListener("beforeunload", (event) => {
  if (!isLeaving && (items.all().some(items.isUnderWay) || isSending())) {
    event.preventDefault();
  }
});
// The page wants to load itself anew. Files cannot be taken along, so those that are on their way are sent first.
document.addEventListener("chatshare:reload", (event) => {
  if (items.all().some(items.isUnderWay)) {
    event.preventDefault();
  }
  // It stays, too, for files that are held above the text.
  isLeaving = !event.defaultPrevented;
});
