// @ts-check
// The textarea belongs to this module: Blazor gets finished messages, never keystrokes.

import { isEnter } from "./dom.js";
import * as storage from "./storage.js";
import { faultOf, grouped } from "./text.js";

const draftDelay = 250;
const typingInterval = 3000;
const countFrom = 1000;

/**
 * @param {{
 *   root: HTMLElement,
 *   draftKey: string,
 *   maxLength: number,
 *   onSend: (text: string) => void,
 *   onRelease: () => boolean,
 *   onTyping: (typing: boolean) => void,
 *   signal: AbortSignal,
 * }} options maxLength: in UTF-16 code units, as the server counts; onRelease: files that wait go behind the text, also when there is
 * none; whether there were any
 */
export function createComposer({ root, draftKey, maxLength, onSend, onRelease, onTyping, signal }) {
  const field = /** @type {HTMLTextAreaElement} */ (root.querySelector(".composer-text"));
  const notice = /** @type {HTMLElement} */ (root.querySelector(".composer-notice"));
  const count = /** @type {HTMLElement} */ (root.querySelector(".composer-count"));
  let draftTimer = 0;
  let draftKept = true;
  let typedAt = -typingInterval;

  // Its height is measured in a copy: making the field itself small for a moment would move the timeline above it.
  const measure = document.createElement("textarea");
  measure.className = "composer-text";
  measure.rows = 1;
  measure.tabIndex = -1;
  measure.setAttribute("aria-hidden", "true");
  measure.style.cssText = "position:fixed;inset:auto auto 0 0;height:0;min-height:0;visibility:hidden;pointer-events:none";

  /** What would be sent: what follows the last word is not part of the message. */
  const text = () => field.value.trimEnd();

  function grow() {
    measure.style.width = `${field.clientWidth}px`;
    measure.value = field.value;
    field.style.height = field.value === "" ? "" : `${measure.scrollHeight}px`;
  }

  function showCount() {
    const length = text().length;
    const near = length > maxLength - countFrom;
    count.textContent = near ? `${grouped(length)} of ${grouped(maxLength)}` : "";
    count.classList.toggle("over", length > maxLength);
    if (length <= maxLength) {
      notice.textContent = "";
    }
  }

  function keepDraft() {
    clearTimeout(draftTimer);
    if (draftKept) {
      return;
    }
    draftKept = true;
    if (field.value.trim() === "") {
      storage.remove(draftKey);
    } else {
      storage.write(draftKey, field.value);
    }
  }

  /** Another tab of the same room may have sent its own, and with it the draft that both have. */
  function keepWhatIsHere() {
    draftKept &&= field.value.trim() === "";
    keepDraft();
  }

  function changed() {
    grow();
    showCount();
    draftKept = false;
    clearTimeout(draftTimer);
    draftTimer = window.setTimeout(keepDraft, draftDelay);
  }

  function send() {
    const message = text();
    if (message.trim() === "") {
      if (!onRelease()) {
        notice.textContent = "There is nothing to send yet.";
      }
      return;
    }
    const fault = faultOf(message, maxLength);
    if (fault) {
      notice.textContent = fault;
      return;
    }
    field.value = "";
    changed();
    keepDraft();
    typedAt = -typingInterval;
    onSend(message);
    onRelease();
  }

  field.addEventListener(
    "input",
    () => {
      changed();
      const now = performance.now();
      if (field.value.trim() === "") {
        if (typedAt > 0) {
          typedAt = -typingInterval;
          onTyping(false);
        }
      } else if (now - typedAt >= typingInterval) {
        typedAt = now;
        onTyping(true);
      }
    },
    { signal },
  );

  field.addEventListener(
    "keydown",
    (event) => {
      if (isEnter(event)) {
        event.preventDefault();
        send();
      }
    },
    { signal },
  );

  root.querySelector(".send")?.addEventListener(
    "click",
    () => {
      send();
      field.focus();
    },
    { signal },
  );

  window.addEventListener("pagehide", keepWhatIsHere, { signal });
  document.addEventListener("visibilitychange", () => document.hidden && keepWhatIsHere(), { signal });

  document.body.append(measure);
  const sizes = new ResizeObserver(grow);
  sizes.observe(root);
  signal.addEventListener("abort", () => {
    keepWhatIsHere();
    sizes.disconnect();
    measure.remove();
    // Blazor may hand this element on to the next room.
    field.value = "";
    delete field.dataset.early;
  });

  const draft = storage.read(draftKey) ?? "";
  notice.textContent = "";
  // What stands in it was typed before this was called, and some was sent by then, see boot.js; what of that is refused comes back.
  const kept = [draft, field.value];
  /** @type {string[]} */
  const early = JSON.parse(field.dataset.early ?? "[]");
  delete field.dataset.early;
  for (const sent of early) {
    field.value = sent;
    send();
    kept.push(field.value);
  }
  field.value = kept.filter((part) => part !== "").join("\n");
  draftKept = false;
  keepDraft();
  grow();
  showCount();

  return {
    focus: () => field.focus({ preventScroll: true }),
    /** Puts a text that could not be sent back to be changed, before what is there. @param {string} message */
    insert: (message) => {
      field.value = field.value === "" ? message : `${message}\n${field.value}`;
      changed();
      field.focus({ preventScroll: true });
    },
    /** Shows one sentence below the field, or none; it goes with the next change. @param {string} sentence */
    say: (sentence) => {
      notice.textContent = sentence;
    },
  };
}
