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
 * @returns {{ files: File[], folders: number }} the files; folders are counted and left out
 */
function take(transfer) {
  /** @type {File[]} */
  const files = [];
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
      files.push(file);
    }
  }
  return { files, folders };
}

/** @param {FileList} files @returns {File[][]} as few groups as can each be described in one message */
function groupsOf(files) {
  const encoder = new TextEncoder();
  /** @type {File[][]} */
  const groups = [];
  let left = 0;
  for (const file of files) {
    const length = describedBesideName + encoder.encode(file.name + file.type).length;
    if (length > left) {
      groups.push([]);
      left = longestDescription;
    }
    groups[groups.length - 1].push(file);
    left -= length;
  }
  return groups;
}

const input = () => /** @type {HTMLInputElement | null} */ (document.getElementById("attach-files"));

/**
 * @param {Element | null} before @param {AbortSignal} signal
 * @returns {Promise<void>} when the server has put the next input in its place, and Blazor listens to it: it gives each a counter
 */
async function nextInput(before, signal) {
  const isNext = () => input() !== null && input() !== before && "_blazorInputFileNextFileId" in /** @type {object} */ (input());
  while (!signal.aborted && !isNext()) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Hands files over as if they had been picked. @param {File[]} files */
function pick(files) {
  const target = input();
  if (target && files.length > 0) {
    const transfer = new DataTransfer();
    files.forEach((file) => transfer.items.add(file));
    target.files = transfer.files;
    target.dispatchEvent(new Event("change", { bubbles: true }));
  }
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
    pick(files);
  }

  /** Before Blazor sees what was picked. @param {Event} event */
  function check(event) {
    const target = event.target;
    if (!(target instanceof HTMLInputElement) || !target.files) {
      return;
    }
    const groups = groupsOf(target.files);
    if (isConnectionLost()) {
      event.stopImmediatePropagation();
      target.value = "";
      say("There is no connection now. Choose the files again when it is back.");
    } else if (groups.length > 1) {
      event.stopImmediatePropagation();
      void pickAll(groups);
    }
  }

  /** One group after the other, each in an input of its own. @param {File[][]} groups */
  async function pickAll(groups) {
    for (const group of groups) {
      const before = input();
      pick(group);
      await nextInput(before, signal);
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
  composer.querySelector(".attach")?.addEventListener("click", () => input()?.click(), { signal });
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
