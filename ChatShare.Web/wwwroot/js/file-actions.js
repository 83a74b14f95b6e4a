// @ts-check
// The buttons of finished files, wherever these stand: data-file-action inside an element with data-file. What few need is loaded when it
// is asked for; while there is no connection, nothing of a file could be shown either.

import { copyFrom } from "./copy.js";
import { icon } from "./dom.js";
import { factsOf } from "./file-facts.js";

/** @param {HTMLElement} file @param {HTMLElement} button */
const check = async (file, button) => (await import("./check-copy.js")).checkCopy(factsOf(file), button);

/** @type {typeof import("./viewer.js") | null} from then on it opens within the click */
let viewer = null;

/** @param {HTMLElement} button */
const look = async (button) => (viewer ??= await import("./viewer.js")).look(button);

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-file-action]") : null;
  const file = button?.closest("[data-file]");
  // With a key held down a picture opens in a tab or window of its own.
  if (!(button instanceof HTMLElement) || !(file instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.shiftKey) {
    return;
  }
  event.preventDefault();
  switch (button.dataset.fileAction) {
    case "look":
      void look(button);
      break;
    case "copy":
      void copyFrom(button, file.dataset.sha256 ?? "", () => void check(file, button));
      break;
    case "check":
      void check(file, button);
      break;
  }
});

// A picture that is broken inside has no small one; its box on the card stays, with a sign in it.
document.addEventListener(
  "error",
  (event) => {
    const box = event.target instanceof HTMLImageElement ? event.target.closest(".picture") : null;
    if (box && !box.hasAttribute("data-broken")) {
      box.setAttribute("data-broken", "");
      box.append(icon("image"));
    }
  },
  { capture: true },
);
