// @ts-check
// The buttons of finished files, wherever these stand: data-file-action inside an element with data-file. What few need is loaded when it
// is asked for.

import { copyFrom } from "./copy.js";
import { element, icon } from "./dom.js";
import { factsOf } from "./file-facts.js";

const shownFor = 8000;

/** @type {HTMLElement | null} */
let notice = null;
let timer = 0;

/**
 * Says a sentence over whatever page is open, where the server's own notices stand. It is here and not in a module of its own, which would not
 * come either when it is needed.
 *
 * @param {string} sentence
 */
function say(sentence) {
  notice ??= element("div", "notice");
  notice.setAttribute("role", "alert");
  notice.textContent = sentence;
  // Said again, too, when it is the same. What lies under an open dialog is not read out.
  (document.querySelector("dialog:modal") ?? document.body).append(notice);
  clearTimeout(timer);
  timer = window.setTimeout(() => notice?.remove(), shownFor);
}

/** How often each has not come. @type {Map<string, number>} */
const failures = new Map();

/** @param {string} name of a module @returns {Promise<any>} null when it does not come now; that is said */
async function load(name) {
  const failed = failures.get(name) ?? 0;
  try {
    // A browser may remember for the life of the page that an address has failed: then the same is asked for under another.
    return await import(failed === 0 ? name : `${name}?again=${failed}`);
  } catch {
    failures.set(name, failed + 1);
    say("What this button needs could not be loaded. Try it again.");
    return null;
  }
}

/** @param {HTMLElement} file @param {HTMLElement} button */
async function check(file, button) {
  /** @type {typeof import("./check-copy.js") | null} */
  const box = await load("./check-copy.js");
  box?.checkCopy(factsOf(file), button);
}

/** @type {typeof import("./viewer.js") | null} from then on it opens within the click */
let viewer = null;

/** @param {HTMLElement} button */
async function look(button) {
  viewer ??= await load("./viewer.js");
  viewer?.look(button);
}

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
