// @ts-check
// Says a sentence over whatever page is open, where the server's own notices stand, for what happens in the browser alone.

import { element } from "./dom.js";

const shownFor = 8000;

/** @type {HTMLElement | null} */
let notice = null;
let timer = 0;

/** @param {string} sentence */
export function say(sentence) {
  notice ??= element("div", "notice");
  notice.setAttribute("role", "alert");
  notice.textContent = sentence;
  // Said again, too, when it is the same. What lies under an open dialog is not read out.
  (document.querySelector("dialog:modal") ?? document.body).append(notice);
  clearTimeout(timer);
  timer = window.setTimeout(() => notice?.remove(), shownFor);
}
