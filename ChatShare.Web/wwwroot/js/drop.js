// @ts-check
// How files come into the page: picked, dropped anywhere on it or on a room in the list, pasted; alone or in folders.

import { createChips } from "./chips.js";
import { folderOf, followDrags, hasFiles, take } from "./drags.js";
import { isHandingOver, sendOverCircuit } from "./picker.js";
import * as uploads from "./uploads.js";

/** @typedef {import("./drags.js").Picked} Picked */

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
  /** @type {HTMLInputElement | null} */
  const folders = composer.querySelector(".folder-input");
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

  uploads.setFilesPerMessage(filesPerMessage);
  uploads.setVoice(say);
  uploads.setFallback((picked, to) => sendOverCircuit(picked, to, filesPerMessage));
  // The input is elsewhere: it outlives the room. The button is where the hand and the Tab key look for it.
  composer.querySelector(".attach")?.addEventListener("click", () => document.getElementById("attach-files")?.click(), { signal });
  composer.querySelector(".attach-folder")?.addEventListener("click", () => folders?.click(), { signal });
  document.addEventListener("change", pick, { capture: true, signal });
  followDrags({
    room: () => room,
    // The component is not drawn again: what stands in it is ours.
    hint: () => composer.closest(".room")?.querySelector(".drop-hint") ?? null,
    take: (picked) => chips.add(picked),
    signal,
  });
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
  const input = document.getElementById("attach-files");
  if (input instanceof HTMLInputElement && !isHandingOver()) {
    takeFrom(input);
  }
  return chips.release;
}
