// @ts-check
// For where something on the way does not let uploads through: then files go over the chat's own connection.

import * as items from "./items.js";

/** @typedef {import("./drop.js").Picked} Picked */
/** @typedef {import("./items.js").Item} Item */

/** @type {((picked: Picked[], room: string) => void) | null} */
let circuit = null;
let throughCircuit = false;

/** @param {(picked: Picked[], room: string) => void} hand sends files over the chat's own connection */
export function setFallback(hand) {
  circuit = hand;
}

/** @param {Picked[]} picked @param {string} room @returns {boolean} whether they went over the chat's own connection, because nothing else gets through */
export function handedOver(picked, room) {
  if (!throughCircuit || !circuit || picked.length === 0) {
    return false;
  }
  circuit(picked, room);
  return true;
}

/**
 * From now on files go over the chat's own connection: these at once.
 * @param {(item: Item) => boolean} isConcerned
 * @returns {Item[]} those that went; what was announced of them is of no use any more
 */
export function fallBack(isConcerned) {
  if (!circuit) {
    return [];
  }
  throughCircuit = true;
  document.documentElement.dataset.uploads = "circuit";
  const given = items.all().filter((item) => items.isHeld(item) && isConcerned(item));
  if (given.length === 0) {
    return [];
  }
  for (const item of given) {
    items.halt(item, "cancelled");
    items.drop(item);
  }
  items.changed();
  items.say("These files go over the chat’s own connection, which is slower.");
  for (const room of new Set(given.map((item) => item.room))) {
    circuit(given.filter((item) => item.room === room), room);
  }
  return given;
}
