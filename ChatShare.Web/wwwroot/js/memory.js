// @ts-check
// What this browser knows of the files that it began to send: after a reload it tells whether the right one is chosen again.

import * as handles from "./handles.js";
import * as storage from "./storage.js";

const prefix = "chatshare.upload/";
const lasts = 7 * 24 * 60 * 60 * 1000;

/** @type {Set<string>} */
const over = new Set();

/** @typedef {{ name: string, size: number, modified: number, at: number }} Known */

/** @param {string} id of the file @param {File} file */
export function remember(id, file) {
  storage.write(prefix + id, JSON.stringify({ name: file.name, size: file.size, modified: file.lastModified, at: Date.now() }));
  void handles.keep(id, file);
}

/** @param {string} id @returns {Known | null} */
export function remembered(id) {
  try {
    return JSON.parse(storage.read(prefix + id) ?? "null");
  } catch {
    return null;
  }
}

/** It is there, or called off for good. @param {string} id of the file */
export function forget(id) {
  over.add(id);
  storage.remove(prefix + id);
  handles.forget(id);
}

/** Whether this page knows that it is over; what the server said of it may be older, or the server may not know yet. @param {string} id */
export const isOver = (id) => over.has(id);

for (const key of storage.keys(prefix)) {
  const known = remembered(key.slice(prefix.length));
  if (!known || !(Date.now() - known.at < lasts)) {
    storage.remove(key);
  }
}
