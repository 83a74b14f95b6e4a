// @ts-check
// The buttons of finished files, wherever these stand: data-file-action inside an element with data-file.

import { checkCopy } from "./check-copy.js";
import { copyFrom } from "./copy.js";
import { icon } from "./dom.js";
import { factsOf } from "./file-facts.js";
import { look } from "./viewer.js";

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
      look(button);
      break;
    case "copy":
      void copyFrom(button, file.dataset.sha256 ?? "", () => checkCopy(factsOf(file), button));
      break;
    case "check":
      checkCopy(factsOf(file), button);
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
