// @ts-check
// Files dropped on the room or pasted into the composer go into the file input, which hands them to Blazor as if they
// had been picked. Without this the browser would leave the page and open the file.

import { isConnectionLost } from "./server.js";

// The input describes all its files to the server in one message, and one over 64 KiB would end the circuit.
const longestDescription = 60_000;
const describedBesideName = 120;

/** @param {DataTransfer | null} transfer */
const hasFiles = (transfer) => transfer?.types.includes("Files") ?? false;

/**
 * @param {DataTransfer} transfer
 * @returns {{ files: DataTransfer, folders: number }} the files; folders are counted and left out
 */
function take(transfer) {
  const files = new DataTransfer();
  let folders = 0;
  for (const item of transfer.items) {
    if (item.kind !== "file") {
      continue;
    }
    if (item.webkitGetAsEntry?.()?.isDirectory) {
      folders++;
      continue;
    }
    const file = item.getAsFile();
    if (file) {
      files.items.add(file);
    }
  }
  return { files, folders };
}

/** @param {FileList} files @returns {number} about how many bytes it takes to describe them */
function descriptionLength(files) {
  const encoder = new TextEncoder();
  return [...files].reduce((sum, file) => sum + describedBesideName + encoder.encode(file.name + file.type).length, 0);
}

/**
 * @param {{ composer: HTMLElement, say: (sentence: string) => void, signal: AbortSignal }} options
 */
export function acceptFiles({ composer, say, signal }) {
  const root = document.documentElement;
  // Counted, because entering a child comes before leaving its parent.
  let depth = 0;

  /** @param {DataTransfer} transfer */
  function hand(transfer) {
    const { files, folders } = take(transfer);
    if (folders > 0) {
      say(folders === 1 ? "A folder cannot be shared here, only its files." : "Folders cannot be shared here, only their files.");
    }
    const input = document.getElementById("attach-files");
    if (files.files.length > 0 && input instanceof HTMLInputElement) {
      input.files = files.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  /** Before Blazor sees what was picked. @param {Event} event */
  function check(event) {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || !input.files) {
      return;
    }
    const fault = isConnectionLost()
      ? "There is no connection now. Choose the files again when it is back."
      : descriptionLength(input.files) > longestDescription
        ? `${input.files.length} files are too many in one go. Share them in smaller groups.`
        : "";
    if (fault) {
      event.stopImmediatePropagation();
      input.value = "";
      say(fault);
    }
  }

  function end() {
    depth = 0;
    delete root.dataset.dragging;
  }

  /** @param {DragEvent} event */
  function enter(event) {
    if (hasFiles(event.dataTransfer)) {
      event.preventDefault();
      depth++;
      root.dataset.dragging = "";
    }
  }

  /** @param {DragEvent} event */
  function leave(event) {
    if (hasFiles(event.dataTransfer) && --depth <= 0) {
      end();
    }
  }

  /** @param {DragEvent} event */
  function over(event) {
    if (hasFiles(event.dataTransfer)) {
      event.preventDefault();
    }
  }

  /** @param {DragEvent} event */
  function drop(event) {
    if (event.dataTransfer && hasFiles(event.dataTransfer)) {
      event.preventDefault();
      end();
      hand(event.dataTransfer);
    }
  }

  // The input is elsewhere: it outlives the room. The button is where the hand and the Tab key look for it.
  composer.querySelector(".attach")?.addEventListener("click", () => document.getElementById("attach-files")?.click(), { signal });
  document.addEventListener("change", check, { capture: true, signal });
  document.addEventListener("dragenter", enter, { signal });
  document.addEventListener("dragleave", leave, { signal });
  document.addEventListener("dragover", over, { signal });
  document.addEventListener("drop", drop, { signal });
  composer.addEventListener(
    "paste",
    (event) => {
      // A copied cell or paragraph brings a picture of itself along; then the text is what was meant.
      if (event.clipboardData && hasFiles(event.clipboardData) && !event.clipboardData.types.includes("text/plain")) {
        event.preventDefault();
        hand(event.clipboardData);
      }
    },
    { signal },
  );
  signal.addEventListener("abort", end);
}
