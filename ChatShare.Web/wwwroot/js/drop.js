// @ts-check
// How files come into the page: picked, dropped anywhere on it or on a room in the list, pasted; alone or in folders.

import { createChips } from "./chips.js";
import { note } from "./handles.js";
import { isHandingOver, sendOverCircuit } from "./picker.js";
import * as uploads from "./uploads.js";

/** @typedef {{ file: File, path: string }} Picked path: the folder that it came out of, empty for none */

/** @param {DataTransfer | null} transfer */
const hasFiles = (transfer) => transfer?.types.includes("Files") ?? false;

/**
 * Whether files were copied, and not text. A copied cell or paragraph brings a picture of itself along; files bring their names as text.
 * @param {DataTransfer} copied
 */
function bringsFiles(copied) {
  const isText = copied.types.includes("text/plain") && ["text/html", "text/rtf"].some((type) => copied.types.includes(type));
  return hasFiles(copied) && !(isText && [...copied.items].every((item) => item.kind !== "file" || item.type.startsWith("image/")));
}

/** What is pasted into another field, or while a dialog is open, is meant for those. @param {ClipboardEvent} event */
function isForTheRoom({ target }) {
  const field = target instanceof Element ? target.closest("input, textarea, [contenteditable]") : null;
  return (field === null || field.matches(".composer-text")) && !document.querySelector("dialog[open], .mud-dialog");
}

/** @param {string} path @returns {string} without the name at its end and the slash at its start */
const folderOf = (path) => path.slice(0, Math.max(0, path.lastIndexOf("/"))).replace(/^\//, "");

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
async function take(transfer) {
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
 * @param {{
 *   room: string,
 *   composer: HTMLElement,
 *   fileBytes: number,
 *   filesPerMessage: number,
 *   say: (sentence: string) => void,
 *   before: () => Promise<unknown> | null,
 *   signal: AbortSignal,
 * }} options fileBytes, filesPerMessage: limits, 0 for none; before: until what was written before is sent, null when it is
 * @returns {() => boolean} sends what was picked; whether there was anything
 */
export function acceptFiles({ room, composer, fileBytes, filesPerMessage, say, before, signal }) {
  const root = document.documentElement;
  /** @type {HTMLElement | null} */
  let target = null;

  /** @type {HTMLInputElement | null} */
  const folders = composer.querySelector(".folder-input");
  const hint = composer.closest(".room")?.querySelector(".drop-hint");
  const chips = createChips({ composer, room, fileBytes, say, share, signal });

  /** @param {Picked[]} picked */
  function share(picked) {
    void uploads.share(picked, room, before());
  }

  /** Before Blazor sees what was picked. @param {Event} event */
  function pick(event) {
    const input = event.target;
    if (input instanceof HTMLInputElement && (input === folders || (input.id === "attach-files" && !isHandingOver()))) {
      event.stopImmediatePropagation();
      takeFrom(input);
    }
  }

  /** @param {HTMLInputElement} input */
  function takeFrom(input) {
    if (!input.files?.length) {
      return;
    }
    const files = [...input.files];
    if (input === folders) {
      // As the disk happens to have them, otherwise.
      files.sort((one, other) => one.webkitRelativePath.localeCompare(other.webkitRelativePath, undefined, { numeric: true }));
    }
    const picked = files.map((file) => ({ file, path: folderOf(file.webkitRelativePath) }));
    input.value = "";
    chips.add(picked);
  }

  /** @param {HTMLElement | null} link */
  function aim(link) {
    if (target !== link) {
      target?.removeAttribute("data-drop-target");
      link?.setAttribute("data-drop-target", "");
      target = link;
      if (hint) {
        // The component is not drawn again: what stands in it is ours.
        hint.textContent = `Drop files to share them in ${link?.dataset.room ?? room}`;
      }
    }
  }

  /** @param {Event} event @returns {HTMLElement | null} the room in the list under the pointer */
  const roomUnder = (event) => (event.target instanceof Element ? event.target.closest(".room-link[data-room]") : null);

  function end() {
    aim(null);
    delete root.dataset.dragging;
  }

  /** @param {DragEvent} event */
  function enter(event) {
    if (hasFiles(event.dataTransfer)) {
      event.preventDefault();
      root.dataset.dragging = "";
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
    if (event.dataTransfer && hasFiles(event.dataTransfer)) {
      enter(event);
      event.dataTransfer.dropEffect = "copy";
      aim(roomUnder(event));
    }
  }

  /** @param {DragEvent} event */
  async function drop(event) {
    if (!event.dataTransfer || !hasFiles(event.dataTransfer)) {
      return;
    }
    event.preventDefault();
    const link = roomUnder(event);
    end();
    const taking = take(event.dataTransfer);
    link?.click();
    const picked = await taking;
    if (link?.dataset.room && picked.length > 0) {
      // It says by itself where they are to go.
      void uploads.share(picked, link.dataset.room);
    } else {
      chips.add(picked);
    }
  }

  uploads.setFilesPerMessage(filesPerMessage);
  uploads.setVoice(say);
  uploads.setFallback((picked, to) => sendOverCircuit(picked, to, filesPerMessage));
  // The input is elsewhere: it outlives the room. The button is where the hand and the Tab key look for it.
  composer.querySelector(".attach")?.addEventListener("click", () => document.getElementById("attach-files")?.click(), { signal });
  composer.querySelector(".attach-folder")?.addEventListener("click", () => folders?.click(), { signal });
  document.addEventListener("change", pick, { capture: true, signal });
  document.addEventListener("dragenter", enter, { signal });
  document.addEventListener("dragleave", leave, { signal });
  document.addEventListener("dragover", over, { signal });
  // None comes while something is dragged: it has ended without a word.
  window.addEventListener("pointermove", () => "dragging" in root.dataset && end(), { signal });
  document.addEventListener("drop", (event) => void drop(event), { signal });
  document.addEventListener(
    "paste",
    async (event) => {
      if (event.clipboardData && isForTheRoom(event) && bringsFiles(event.clipboardData)) {
        event.preventDefault();
        chips.add(await take(event.clipboardData));
      }
    },
    { signal },
  );
  signal.addEventListener("abort", end);
  const input = document.getElementById("attach-files");
  if (input instanceof HTMLInputElement && !isHandingOver()) {
    takeFrom(input);
  }
  return chips.release;
}
