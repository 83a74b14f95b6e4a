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

/** @param {string} tag @param {string} className @returns {HTMLElement} */
export function element(tag, className) {
  const made = document.createElement(tag);
  made.className = className;
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

/** A bar whose length is the custom property --p of what it stands in. */
export function bar() {
  const made = element("span", "bar");
  made.setAttribute("aria-hidden", "true");
  made.append(document.createElement("i"));
  return made;
}
