// @ts-check
// The cards of files that still come in: which of the sender's buttons make sense is known here alone, by whoever holds the file.
// data-local on a card: "sending" or "paused"; without it this page does not hold the file, and it can be chosen again.

import { forget, remembered } from "./memory.js";
import { sizeOf } from "./text.js";
import * as uploads from "./uploads.js";

/** @param {Element} card */
function mark(card) {
  const item = uploads.held(card.getAttribute("data-file") ?? "");
  const local = item ? (item.state === "paused" ? "paused" : "sending") : null;
  if (local === card.getAttribute("data-local")) {
    return;
  }
  // The button that was pressed goes, and the one in its place is the other half of it.
  const hadFocus = card.contains(document.activeElement);
  if (local) {
    card.setAttribute("data-local", local);
  } else {
    card.removeAttribute("data-local");
  }
  const other = card.querySelector(`[data-upload-action="${local === "paused" ? "resume" : "pause"}"]`);
  if (hadFocus && local && other instanceof HTMLElement) {
    other.focus({ preventScroll: true });
  }
}

/** Names as they are before and after the server has cleaned them: by what no cleaning changes. @param {string} name */
const bare = (name) => name.normalize("NFC").replace(/[^\p{L}\p{N}]/gu, "");

/**
 * @param {File} file
 * @param {{ name: string, size: number, modified: number | null }} begun
 * @returns {string} why it cannot be the file whose upload was begun, as a sentence; empty when it can
 */
function faultOf(file, begun) {
  if (bare(file.name) !== bare(begun.name)) {
    return `This is “${file.name}”. To go on, choose “${begun.name}”.`;
  }
  if (file.size !== begun.size) {
    return `This “${file.name}” has ${sizeOf(file.size)}, not ${sizeOf(begun.size)} like the one that was begun. Choose that one, or discard the upload.`;
  }
  if (begun.modified !== null && file.lastModified !== begun.modified) {
    return `“${file.name}” was changed since its upload began. Discard the upload and share it again.`;
  }
  return "";
}

/** @returns {Promise<File | null>} */
function chooseFile() {
  return new Promise((resolve) => {
    const input = document.createElement("input");
    input.type = "file";
    input.addEventListener("change", () => resolve(input.files?.[0] ?? null));
    input.addEventListener("cancel", () => resolve(null));
    input.click();
  });
}

/**
 * @param {{ scroller: HTMLElement, room: string, say: (sentence: string) => void, signal: AbortSignal }} options
 */
export function followCards({ scroller, room, say, signal }) {
  const markAll = () => scroller.querySelectorAll(".card[data-mine]").forEach(mark);

  /** @param {Element} card */
  async function chooseAgain(card) {
    const id = card.getAttribute("data-file") ?? "";
    const known = remembered(id);
    const begun = {
      name: known?.name ?? card.getAttribute("data-name") ?? "",
      size: Number(card.getAttribute("data-size")),
      modified: known?.modified ?? null,
    };
    const file = await chooseFile();
    if (!file || uploads.held(id)) {
      return;
    }
    const fault = faultOf(file, begun);
    say(fault);
    if (fault === "") {
      uploads.takeUp(file, id, begun.name, room);
    }
  }

  scroller.addEventListener(
    "click",
    (event) => {
      const button = event.target instanceof Element ? event.target.closest("[data-upload-action]") : null;
      const card = button?.closest(".card");
      if (!button || !card) {
        return;
      }
      const id = card.getAttribute("data-file") ?? "";
      const item = uploads.held(id);
      switch (button.getAttribute("data-upload-action")) {
        case "pause":
          item && uploads.pause(item);
          break;
        case "resume":
          item && uploads.resume(item);
          break;
        case "choose":
          void chooseAgain(card);
          break;
        case "cancel":
          // The server is told by the card itself, too; here it stops at once, and also while there is no connection.
          if (item) {
            uploads.cancel(item);
          } else {
            forget(id);
          }
          break;
      }
    },
    { signal },
  );

  const added = new MutationObserver((records) => {
    for (const record of records) {
      for (const node of record.addedNodes) {
        if (node instanceof Element) {
          (node.matches(".card[data-mine]") ? [node] : node.querySelectorAll(".card[data-mine]")).forEach(mark);
        }
      }
    }
  });
  added.observe(scroller, { childList: true, subtree: true });
  signal.addEventListener("abort", () => added.disconnect());
  uploads.onChange(markAll, signal);
  markAll();
}
