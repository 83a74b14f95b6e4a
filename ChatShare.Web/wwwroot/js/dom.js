// @ts-check
// Pieces of the page that are made here and not by Blazor.

/** @param {string} name of a symbol in icons.svg */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** @param {string} tag @param {string} [className] @param {string} [text] set as text, whatever it says @returns {HTMLElement} */
export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** A button that is an icon. @param {string} symbol @param {string} title @param {string} label @param {() => void} act */
export function iconButton(symbol, title, label, act) {
  const button = element("button", "icon-button");
  button.setAttribute("type", "button");
  button.setAttribute("aria-label", label);
  button.title = title;
  button.append(icon(symbol));
  button.addEventListener("click", act);
  return button;
}

/** @typedef {[word: string, symbol: string, label: string, act: () => void]} Action a button that is an icon */

/**
 * Shows what can be done now. The same buttons stay, so that a press on one of them counts; where they are others, the focus goes from the
 * one that had it to the one in its place.
 * @param {HTMLElement} place @param {Action[]} wanted
 */
export function showActions(place, wanted) {
  const words = wanted.map(([word]) => word).join();
  if ((place.dataset.words ?? "") === words) {
    return;
  }
  place.dataset.words = words;
  const focused = [...place.children].findIndex((button) => button === document.activeElement);
  place.replaceChildren(...wanted.map(([word, symbol, label, act]) => iconButton(symbol, word, label, act)));
  const next = focused < 0 ? null : (place.children[focused] ?? place.lastElementChild);
  if (next instanceof HTMLElement) {
    next.focus({ preventScroll: true });
  }
}

/** A button that looks like a link. @param {string} label @param {() => void} act */
export function linkButton(label, act) {
  const button = element("button", "link-button", label);
  button.setAttribute("type", "button");
  button.addEventListener("click", act);
  return button;
}

/** A bar whose length is the custom property --p of what it stands in. */
export function bar() {
  const made = element("span", "bar");
  made.setAttribute("aria-hidden", "true");
  made.append(document.createElement("i"));
  return made;
}

/** A switch that stays as it was put. @param {string} label @param {boolean} on @param {(on: boolean) => void} turn */
export function switchButton(label, on, turn) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button small";
  made.textContent = label;
  made.setAttribute("aria-pressed", String(on));
  made.addEventListener("click", () => {
    const pressed = made.getAttribute("aria-pressed") !== "true";
    made.setAttribute("aria-pressed", String(pressed));
    turn(pressed);
  });
  return made;
}

/** A file that is dropped on a dialog is not shared in the room under it. @param {HTMLElement} dialog @param {(file: File) => void} [take] */
export function keepDrops(dialog, take) {
  for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
    dialog.addEventListener(type, (event) => {
      const transfer = event instanceof DragEvent ? event.dataTransfer : null;
      if (!transfer?.types.includes("Files")) {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      transfer.dropEffect = take ? "copy" : "none";
      if (type === "drop" && take && transfer.files.length > 0) {
        take(transfer.files[0]);
      }
    });
  }
}

/**
 * Whether it sends what is in a field. 229: some input methods end the composition before they send the Enter that ended it.
 * @param {KeyboardEvent} event
 */
export const isEnter = (event) =>
  event.key === "Enter" && !event.shiftKey && !event.altKey && !event.isComposing && event.keyCode !== 229;
