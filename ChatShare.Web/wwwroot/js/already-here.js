// @ts-check
// A file whose content is here already need not be sent: beside the upload it is hashed, and the server is told. Only files of which the
// server said that one of the same size can be read here; one after the other, because hashing takes a whole core.

import { sha256Of } from "./hashing.js";
import * as items from "./items.js";
import { forget } from "./memory.js";
import * as tus from "./tus.js";

/** @typedef {import("./items.js").Item} Item */

let isTrying = false;

/** @param {Item} item @returns {Promise<string | null>} null when it ended or was paused before */
async function digestOf(item) {
  const stop = new AbortController();
  items.onChange(() => items.isUnderWay(item) || stop.abort(), stop.signal);
  const digest = await sha256Of(item.file, stop.signal);
  const wasStopped = stop.signal.aborted;
  stop.abort();
  // One that goes on after a pause is tried again.
  item.mayBeHere = wasStopped;
  return wasStopped ? null : digest;
}

/** @param {Item} item */
async function attempt(item) {
  const digest = await digestOf(item);
  if (digest === null) {
    return;
  }
  const got = await tus.tellDigest(item.id, digest, new AbortController().signal);
  if (got.status !== 200 || item.state === "cancelled") {
    return;
  }
  forget(item.id);
  item.wasHere = true;
  items.isThere(item, item.size);
  // Whatever of it is on its way is broken off; that may have been noticed first, and then it is done already.
  items.halt(item, "done");
}

async function tryNext() {
  if (isTrying) {
    return;
  }
  isTrying = true;
  for (let next = first(); next; next = first()) {
    await attempt(next);
  }
  isTrying = false;
}

const first = () => items.all().find((item) => item.mayBeHere && item.id !== "" && items.isUnderWay(item));

items.onChange(() => void tryNext());
