// @ts-check
// The cards of files that still come in: which of the sender's buttons make sense is known here alone, by whoever holds the file.
// data-local on a card: "sending" or "paused", or "elsewhere" where another page of this browser holds the file; without it the file can be
// chosen again, or read by its handle (data-resumable).

import { chooseAgain, resumeByHandle } from "./again.js";
import * as handles from "./handles.js";
import * as uploads from "./uploads.js";
import * as waiting from "./waiting.js";

/** @param {Element} card */
function mark(card) {
  const id = card.getAttribute("data-file") ?? "";
  const item = uploads.held(id);
  const local = item ? (item.state === "paused" ? "paused" : "sending") : waiting.isElsewhere(id) ? "elsewhere" : null;
  card.toggleAttribute("data-resumable", !local && handles.has(id));
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
  if (hadFocus && item && other instanceof HTMLElement) {
    other.focus({ preventScroll: true });
  }
}

/**
 * @param {{ scroller: HTMLElement, room: string, signal: AbortSignal }} options
 */
export function followCards({ scroller, room, signal }) {
  let marking = 0;
  const markAll = () => scroller.querySelectorAll(".card[data-mine]").forEach(mark);
  // Of hundreds of small files several are done in each frame.
  const markSoon = () => {
    marking ||= requestAnimationFrame(() => {
      marking = 0;
      markAll();
    });
  };

  /** @param {Element} card @param {typeof chooseAgain} by */
  async function goOn(card, by) {
    const fault = /** @type {HTMLElement} */ (card.querySelector(".card-fault"));
    fault.textContent = "";
    const id = card.getAttribute("data-file") ?? "";
    fault.textContent = await by({ id, name: card.getAttribute("data-name") ?? "", room });
    mark(card);
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
          item ? uploads.resume(item) : void goOn(card, resumeByHandle);
          break;
        case "choose":
          void goOn(card, chooseAgain);
          break;
        case "cancel":
          // The server is told by the card itself, too; here it stops at once, and also while there is no connection.
          if (item) {
            uploads.cancel(item);
          } else {
            void waiting.discard(id);
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
  uploads.onChange(markSoon, signal);
  waiting.onChange(markSoon, signal);
  void handles.loaded.then(markAll);
  markAll();
}
