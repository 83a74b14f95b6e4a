// @ts-check
// One's own uploads that wait for their file: begun by a page that is gone, of any room. The server knows which are under way; those that
// a page of this browser still holds, or somebody feeds, do not wait.

import * as handles from "./handles.js";
import * as items from "./items.js";
import { forget, isOver } from "./memory.js";
import { removeFromServer } from "./sending.js";
import * as tus from "./tus.js";
import { calledOff, resume } from "./uploads.js";

/** @typedef {{ id: string, name: string, room: string, size: number, received: number, isReceiving: boolean }} Waiting */

const interval = 5000;
// As long other pages of this browser have to say what they hold.
const answerTime = 100;

/** @type {Waiting[]} as the server said last */
let underWay = [];
/** @type {Set<string>} held by other pages of this browser */
let elsewhere = new Set();
/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {{ held: Set<string>, areAnnouncing: boolean } | null} while the other pages are asked */
let answers = null;
let isAsking = false;
let asksAgain = false;
let timer = 0;

const pages = "BroadcastChannel" in window ? new BroadcastChannel("chatshare.uploads") : null;

const heldHere = () => items.all().filter((item) => item.id !== "" && (items.isHeld(item) || item.canRetry || item.state === "done")).map(({ id }) => id);

/** Whether files are being announced, so that the server may know of some that this page cannot tell by their ids yet. */
const isAnnouncing = () => items.all().some((item) => item.id === "" && items.isHeld(item));

/** @returns {Waiting[]} by name */
export function all() {
  const held = new Set(heldHere());
  return underWay.filter(({ id, isReceiving }) => !isReceiving && !held.has(id) && !elsewhere.has(id) && !isOver(id));
}

/** @param {string} id @returns {boolean} whether another page of this browser holds the file */
export const isElsewhere = (id) => elsewhere.has(id);

/** @param {() => void} listener @param {AbortSignal} [signal] until when */
export function onChange(listener, signal) {
  listeners.add(listener);
  signal?.addEventListener("abort", () => listeners.delete(listener));
}

function changed() {
  for (const listener of listeners) {
    listener();
  }
}

/** Calls one off for good. @param {string} id */
export async function discard(id) {
  // Whoever sends it stops, and need not find out.
  pages?.postMessage({ calledOff: id });
  const removing = removeFromServer(id);
  changed();
  await removing;
  await refresh();
}

const paused = () => items.all().filter((item) => item.id !== "" && item.state === "paused");

/** Paused when its last byte was on its way already: it may have become the file all the same. */
const isUnsure = () => paused().some((item) => item.sent === item.size);

async function refresh() {
  if (isAsking) {
    // What changed meanwhile may have come too late for the answer that is on its way.
    asksAgain = true;
    return;
  }
  isAsking = true;
  clearTimeout(timer);
  const told = (answers = { held: /** @type {Set<string>} */ (new Set()), areAnnouncing: isAnnouncing() });
  const held = paused();
  pages?.postMessage("who");
  const [got] = await Promise.all([tus.list(new AbortController().signal), new Promise((resolve) => setTimeout(resolve, pages ? answerTime : 0))]);
  answers = null;
  isAsking = false;
  const areAnnouncing = told.areAnnouncing || isAnnouncing();
  // A page of a proxy in between may have any status, and is no list.
  const isTold = got.status === 200 && Array.isArray(got.body);
  if (isTold) {
    const known = new Set(underWay.map(({ id }) => id));
    underWay = got.body.filter((/** @type {Waiting} */ { id }) => !areAnnouncing || known.has(id));
    elsewhere = told.held;
    const needed = new Set([...got.body.map((/** @type {Waiting} */ { id }) => id), ...heldHere()]);
    handles.ids().filter((id) => !needed.has(id)).forEach(forget);
    // What is there in full, or has ended, does not stand still: going on finds out which it is.
    const unfinished = new Set(got.body.filter((/** @type {Waiting} */ { size, received }) => received < size).map((/** @type {Waiting} */ { id }) => id));
    held.filter((item) => item.state === "paused" && !unfinished.has(item.id)).forEach(resume);
  } else if (got.status === 401) {
    underWay = [];
  }
  changed();
  // They may end elsewhere, or be gone on with; and nothing is known when the server did not say.
  const isKnown = isTold || got.status === 401;
  if (!isKnown || areAnnouncing || isUnsure() || underWay.some(({ id }) => !heldHere().includes(id))) {
    timer = window.setTimeout(() => !document.hidden && void refresh(), interval);
  }
  if (asksAgain) {
    asksAgain = false;
    await refresh();
  }
}

/** Called once by a page. */
export function followWaiting() {
  /** @type {Map<string, import("./items.js").Item>} */
  let held = new Map();
  let wasUnsure = false;
  items.onChange(() => {
    const before = held;
    held = new Map(items.all().filter((item) => item.id !== "" && items.isHeld(item)).map((item) => [item.id, item]));
    const taken = [...held.keys()].filter((id) => !before.has(id));
    if (taken.length > 0) {
      pages?.postMessage({ held: taken });
    }
    const left = [...before.values()].some((item) => !items.isHeld(item) && item.state !== "done");
    if (left) {
      pages?.postMessage("gone");
    }
    if (left || (isUnsure() && !wasUnsure)) {
      void refresh();
    }
    wasUnsure = isUnsure();
  });
  pages?.addEventListener("message", ({ data }) => {
    if (data === "who") {
      pages.postMessage({ held: heldHere(), isAnnouncing: isAnnouncing() });
    } else if (data === "gone") {
      void refresh();
    } else if (typeof data?.calledOff === "string") {
      calledOff(data.calledOff);
    } else if (Array.isArray(data?.held)) {
      for (const id of data.held) {
        elsewhere.add(id);
        answers?.held.add(id);
      }
      if (answers && data.isAnnouncing) {
        answers.areAnnouncing = true;
      }
      changed();
    }
  });
  window.addEventListener("pagehide", () => heldHere().length > 0 && pages?.postMessage("gone"));
  document.addEventListener("chatshare:reconnected", () => void refresh());
  document.addEventListener("visibilitychange", () => !document.hidden && void refresh());
  void handles.loaded.then(refresh);
}
