// @ts-check
// Copies a text, also on plain http, where there is no clipboard API.

import { element } from "./dom.js";

const saidFor = 2000;

/** @type {HTMLElement | null} */
let voice = null;

/** @param {string} text @returns {boolean} */
function copyBySelection(text) {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.className = "visually-hidden";
  field.value = text;
  // Whatever lies under an open dialog cannot be selected.
  (document.querySelector("dialog:modal") ?? document.body).append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) {
    before.focus({ preventScroll: true });
  }
  return copied;
}

/** @param {string} text @returns {Promise<boolean>} whether it is on the clipboard now */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // There is none, or it is forbidden.
    return copyBySelection(text);
  }
}

/**
 * @param {HTMLElement} button says that it was copied
 * @param {string} text
 * @param {() => void} [otherwise] shows it, so that it can be copied by hand
 */
export async function copyFrom(button, text, otherwise) {
  if (!(await copy(text))) {
    otherwise?.();
    return;
  }
  button.querySelector(".copied")?.remove();
  const said = element("span", "copied", "Copied");
  said.setAttribute("aria-hidden", "true");
  button.append(said);
  setTimeout(() => said.remove(), saidFor);
  announce(button);
}

/** @param {HTMLElement} button */
function announce(button) {
  voice ??= element("div", "visually-hidden");
  voice.setAttribute("role", "status");
  (button.closest("dialog") ?? document.body).append(voice);
  voice.textContent = "";
  // Said again only when it changes.
  requestAnimationFrame(() => voice && (voice.textContent = "Copied"));
}
