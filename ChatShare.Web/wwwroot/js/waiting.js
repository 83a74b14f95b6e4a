// @ts-check
// One's own uploads that wait for their file: begun by a page that is gone, of any room. The server knows which are under way; those that
// a page of this browser still holds, or somebody feeds, do not wait.

import * as handles from "./handles.js";
import * as items from "./items.js";
import { forget } from "./memory.js";
import { removeFromServer } from "./sending.js";
import * as tus from "./tus.js";

/** @typedef {{ id: string, name: string, room: string, size: number, received: number, isReceiving: boolean }} Waiting */

const interval = 5000;
// As long other pages of this browser have to say what they hold.
const answerTime = 100;

/** @type {Waiting[]} as the server said last */
let underWay = [];
/** @type {Set<string>} held by other pages of this browser */
let elsewhere = new Set();
/** @type {Set<string>} discarded here; the server may not know yet */
const discarded = new Set();
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
  return underWay.filter(({ id, isReceiving }) => !isReceiving && !held.has(id) && !elsewhere.has(id) && !discarded.has(id));
}

/** @param {() => void} listener */
export const onChange = (listener) => listeners.add(listener);

function changed() {
  for (const listener of listeners) {
    listener();
  }
}

/** Calls one off for good. @param {string} id */
export async function discard(id) {
  discarded.add(id);
  changed();
  await removeFromServer(id);
  await refresh();
}

async function refresh() {
  if (isAsking) {
    // What changed meanwhile may have come too late for the answer that is on its way.
    asksAgain = true;
    return;
  }
  isAsking = true;
  clearTimeout(timer);
  const told = (answers = { held: /** @type {Set<string>} */ (new Set()), areAnnouncing: isAnnouncing() });
  pages?.postMessage("who");
  const [got] = await Promise.all([tus.list(new AbortController().signal), new Promise((resolve) => setTimeout(resolve, pages ? answerTime : 0))]);
  answers = null;
  isAsking = false;
  const areAnnouncing = told.areAnnouncing || isAnnouncing();
  if (got.status === 200) {
    const known = new Set(underWay.map(({ id }) => id));
    underWay = got.body.filter((/** @type {Waiting} */ { id }) => !areAnnouncing || known.has(id));
    elsewhere = told.held;
    const needed = new Set([...got.body.map((/** @type {Waiting} */ { id }) => id), ...heldHere()]);
    handles.ids().filter((id) => !needed.has(id)).forEach(forget);
  } else if (got.status === 401) {
    underWay = [];
  }
  changed();
  // They may end elsewhere, or be gone on with.
  if (areAnnouncing || underWay.some(({ id }) => !heldHere().includes(id))) {
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
  items.onChange(() => {
    const left = [...held.values()].some((item) => !items.isHeld(item) && item.state !== "done");
    held = new Map(items.all().filter((item) => item.id !== "" && items.isHeld(item)).map((item) => [item.id, item]));
    if (left) {
      void refresh();
    }
  });
  pages?.addEventListener("message", ({ data }) => {
    if (data === "who") {
      pages.postMessage({ held: heldHere(), isAnnouncing: isAnnouncing() });
    } else if (data === "gone") {
      void refresh();
    } else if (answers && Array.isArray(data?.held)) {
      data.held.forEach((/** @type {string} */ id) => answers?.held.add(id));
      answers.areAnnouncing ||= data.isAnnouncing;
    }
  });
  window.addEventListener("pagehide", () => heldHere().length > 0 && pages?.postMessage("gone"));
  document.addEventListener("chatshare:reconnected", () => void refresh());
  document.addEventListener("visibilitychange", () => !document.hidden && void refresh());
  void handles.loaded.then(refresh);
}
