// @ts-check
// Whether somebody's copy of a file is that file: a small box that takes the copy and compares its SHA-256.

import { copyFrom } from "./copy.js";
import { element, iconButton, keepDrops } from "./dom.js";
import { sha256Of } from "./hashing.js";
import { grouped } from "./text.js";

/** @param {number} bytes */
const bytesOf = (bytes) => (bytes === 1 ? "1 byte" : `${grouped(bytes)} bytes`);

/**
 * @param {import("./file-facts.js").FileFacts} file
 * @param {HTMLElement} opener takes the focus back
 */
export function checkCopy(file, opener) {
  let hashing = new AbortController();

  const dialog = document.createElement("dialog");
  dialog.className = "box check-copy";
  // A click beside it closes it, where the browser knows how.
  dialog.setAttribute("closedby", "any");
  const title = element("h2", "", "Check your copy of ");
  title.id = "check-title";
  title.append(element("bdi", "", file.name));
  dialog.setAttribute("aria-labelledby", title.id);

  const digest = /** @type {HTMLInputElement} */ (element("input", "input digest"));
  digest.readOnly = true;
  digest.value = file.sha256;
  digest.setAttribute("aria-label", `SHA-256 of ${file.name}`);
  digest.addEventListener("focus", () => digest.select());
  const copy = iconButton("copy", "Copy SHA-256", "Copy SHA-256", () => void copyFrom(copy, file.sha256, () => digest.select()));
  const digestLine = element("div", "check-digest");
  digestLine.append(digest, copy);

  const input = /** @type {HTMLInputElement} */ (element("input", "visually-hidden"));
  input.type = "file";
  input.setAttribute("aria-label", `Your copy of ${file.name}`);
  const label = element("label", "drop-zone");
  label.append(input, element("b", "", "Choose your copy"), element("span", "muted", "or drop it here. It stays on your device."));

  const progress = /** @type {HTMLProgressElement} */ (element("progress"));
  progress.setAttribute("aria-label", `Checking your copy of ${file.name}`);
  const cancel = element("button", "button small", "Cancel");
  cancel.setAttribute("type", "button");
  const running = element("div", "check-running");
  running.append(progress, cancel);
  running.hidden = true;
  const result = element("p", "check-result");
  result.setAttribute("role", "status");

  const head = element("header", "check-head");
  head.append(title, iconButton("close", "Close", "Close", () => dialog.close()));
  dialog.append(head, digestLine, label, running, result);

  /** @param {"" | "same" | "other"} verdict @param {...(string | Node)} words */
  function say(verdict, ...words) {
    result.dataset.verdict = verdict;
    result.replaceChildren(...words);
  }

  /** @param {File} chosen */
  async function check(chosen) {
    hashing.abort();
    hashing = new AbortController();
    const { signal } = hashing;
    say("");
    if (chosen.size !== file.size) {
      const difference = Math.abs(chosen.size - file.size);
      say("other", `Not the same: yours has ${bytesOf(difference)} ${chosen.size > file.size ? "more" : "less"}.`);
      return;
    }
    progress.value = 0;
    progress.max = Math.max(1, file.size);
    running.hidden = false;
    const found = await sha256Of(chosen, signal, (hashed) => (progress.value = hashed));
    // Called off, or another one was chosen meanwhile, and its own answer follows.
    if (signal.aborted) {
      return;
    }
    running.hidden = true;
    if (found === null) {
      // It cannot be read, or the line is down and the worker did not come.
      say("other", "Your copy could not be checked. Choose it again.");
    } else if (found === file.sha256) {
      say("same", "Same: this is the file.");
    } else {
      say("other", "Not the same: yours is ", element("code", "", found));
    }
  }

  const callOff = () => {
    hashing.abort();
    running.hidden = true;
  };
  cancel.addEventListener("click", () => {
    callOff();
    input.focus();
  });
  input.addEventListener("change", () => {
    const chosen = input.files?.[0];
    // The same one can be chosen again.
    input.value = "";
    if (chosen) {
      void check(chosen);
    }
  });
  keepDrops(dialog, (dropped) => void check(dropped));
  dialog.addEventListener("close", () => {
    callOff();
    dialog.remove();
    opener.focus({ preventScroll: true });
  });

  document.body.append(dialog);
  dialog.showModal();
  input.focus();
}
