// @ts-check
// Files that are dragged in from the desktop: where they would go, and what is in them.

import { element } from "./dom.js";
import { note } from "./handles.js";
import { isConnectionLost } from "./server.js";
import * as uploads from "./uploads.js";

const lookAgain = 50;

/** @typedef {{ file: File, path: string, width?: number, height?: number }} Picked path: the folder that it came out of, empty for none; width, height: of a picture, where known */

/** @param {DataTransfer | null} transfer */
export const hasFiles = (transfer) => transfer?.types.includes("Files") ?? false;

/** @param {string} path @returns {string} without the name at its end and the slash at its start */
export const folderOf = (path) => path.slice(0, Math.max(0, path.lastIndexOf("/"))).replace(/^\//, "");

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<Picked[]>} what is in it, in the order of names; what cannot be read is left out
 */
async function read(entry) {
  if (entry.isFile) {
    return new Promise((resolve) => {
      /** @type {FileSystemFileEntry} */ (entry).file(
        (file) => resolve([{ file, path: folderOf(entry.fullPath) }]),
        () => resolve([]),
      );
    });
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {FileSystemEntry[]} */
  const entries = [];
  for (;;) {
    // A hundred at a time; the end is an empty answer.
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (some.length === 0) {
      break;
    }
    entries.push(...some);
  }
  entries.sort((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
  /** @type {Picked[]} */
  const found = [];
  for (const inside of entries) {
    found.push(...(await read(inside)));
  }
  return found;
}

/** @param {DataTransfer} transfer @returns {Promise<Picked[]>} */
export async function take(transfer) {
  // All at once: the transfer is empty as soon as its event is over.
  const taken = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => {
      const file = item.getAsFile();
      file && note(file, /** @type {{ getAsFileSystemHandle?(): Promise<unknown> }} */ (item).getAsFileSystemHandle?.());
      return { entry: item.webkitGetAsEntry?.() ?? null, file };
    });
  const found = await Promise.all(
    taken.map(({ entry, file }) => (entry?.isDirectory ? read(entry) : file ? [{ file, path: "" }] : [])),
  );
  return found.flat();
}

/**
 * Follows what is dragged over the window, until it is dropped: on a room in the list it goes there, and so does the page.
 * @param {{
 *   room: () => string | null,
 *   hint: () => HTMLElement | null,
 *   take: (picked: Picked[]) => void,
 *   signal: AbortSignal,
 * }} options room: the one that is open, null where files have no place to go to; hint: says where they go; take: takes what is dropped elsewhere
 *   than on a room in the list
 */
export function followDrags({ room, hint, take: takeHere, signal }) {
  /** The room in the list that it is over. @type {HTMLElement | null} */
  let target = null;
  /** @type {HTMLElement | null} */
  let shown = null;

  /** @param {HTMLElement | null} link */
  function aim(link) {
    target?.removeAttribute("data-drop-target");
    link?.setAttribute("data-drop-target", "");
    target = link;
    shown = hint();
    const words = refusal() || `Drop files to share them in ${link?.dataset.room ?? room()}`;
    if (shown && shown.textContent !== words) {
      shown.textContent = words;
    }
    shown?.toggleAttribute("data-shown", true);
  }

  /** @param {Event} event @returns {HTMLElement | null} the room in the list under the pointer */
  const roomUnder = (event) => (event.target instanceof Element ? event.target.closest(".room-link[data-room]") : null);

  function end() {
    target?.removeAttribute("data-drop-target");
    shown?.removeAttribute("data-shown");
    shown?.replaceChildren();
    target = shown = null;
  }

  /** @param {DragEvent} event */
  function enter(event) {
    if (room() !== null && hasFiles(event.dataTransfer)) {
      event.preventDefault();
      aim(roomUnder(event));
    }
  }

  /** Not counted: what was drawn anew under the pointer is never left. @param {DragEvent} event */
  function leave(event) {
    if (event.relatedTarget === null) {
      end();
    }
  }

  /** @param {DragEvent} event */
  function over(event) {
    if (room() !== null && event.dataTransfer && hasFiles(event.dataTransfer)) {
      enter(event);
      event.dataTransfer.dropEffect = refusal() ? "none" : "copy";
    }
  }

  /** @param {DragEvent} event */
  async function drop(event) {
    if (room() === null || !event.dataTransfer || !hasFiles(event.dataTransfer)) {
      return;
    }
    event.preventDefault();
    const link = roomUnder(event);
    end();
    if (refusal()) {
      return;
    }
    const taking = take(event.dataTransfer);
    link?.click();
    const picked = await taking;
    if (link?.dataset.room && picked.length > 0) {
      // It says by itself where they are to go.
      await isOpen();
      void uploads.share(picked, link.dataset.room);
    } else {
      takeHere(picked);
    }
  }

  document.addEventListener("dragenter", enter, { signal });
  document.addEventListener("dragleave", leave, { signal });
  document.addEventListener("dragover", over, { signal });
  // None comes while something is dragged: it has ended without a word.
  window.addEventListener("pointermove", () => shown && end(), { signal });
  document.addEventListener("drop", (event) => void drop(event), { signal });
  signal.addEventListener("abort", end);
}

/** What is dropped beside a room goes there with the page, which needs the server. @returns {string} why nothing can be dropped now; empty when it can */
const refusal = () => (isConnectionLost() && !document.querySelector(".composer") ? "The connection is lost. Drop files here when it is back." : "");

/** Until a room is open: it knows how many files one message takes, and says what is wrong with them. */
async function isOpen() {
  while (!document.querySelector(".room[data-ready]")) {
    await new Promise((resolve) => setTimeout(resolve, lookAgain));
  }
}

/** On the pages around a room, its files and its search, what is dropped goes to the room, and so does the page. */
export function followDragsElsewhere() {
  /** @returns {HTMLElement | null} */
  const current = () => document.querySelector('.room-link[data-room][aria-current="page"]');
  const shown = element("div", "drop-hint over-page");
  shown.setAttribute("aria-hidden", "true");
  document.body.append(shown);
  followDrags({
    room: () => (document.querySelector(".composer") ? null : (current()?.dataset.room ?? null)),
    hint: () => shown,
    take: async (picked) => {
      const link = current();
      if (link?.dataset.room && picked.length > 0) {
        link.click();
        await isOpen();
        void uploads.share(picked, link.dataset.room);
      }
    },
    signal: new AbortController().signal,
  });
}
