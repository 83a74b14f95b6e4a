// @ts-check
// The two outer panes. In a wide window the right one opens and closes and is remembered; in a narrow one both are
// drawers. Buttons: data-pane-toggle="rooms-pane|people-pane" aria-controls aria-expanded; data-close-drawer closes.

import { write } from "./storage.js";

const root = document.documentElement;
const narrow = matchMedia("(max-width: 959.98px)");
/** @type {HTMLElement | null} */
let opener = null;
// Escape closes a drawer, and where the browser has this, so does Android's Back, which does not leave the room then.
const Watcher = /** @type {any} */ (window).CloseWatcher;
/** @type {{ destroy(): void } | undefined} */
let watcher;

/** @param {string} id */
function isOpen(id) {
  return narrow.matches ? root.dataset.drawer === id : id !== "people-pane" || root.dataset.pane !== "closed";
}

/** Says on every toggle whether its pane is open, and takes what lies under a drawer out of reach. */
export function syncPanes() {
  for (const button of document.querySelectorAll("[data-pane-toggle]")) {
    button.setAttribute("aria-expanded", String(isOpen(button.getAttribute("data-pane-toggle") ?? "")));
  }
  const drawer = narrow.matches ? root.dataset.drawer : undefined;
  for (const part of document.querySelectorAll(".shell > :not(.scrim), body > .transfers")) {
    part.toggleAttribute("inert", drawer !== undefined && part.id !== drawer);
  }
}

/** @param {string} id */
function openDrawer(id) {
  opener = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  root.dataset.drawer = id;
  syncPanes();
  if (Watcher && !watcher) {
    const made = new Watcher();
    made.onclose = closeDrawer;
    watcher = made;
  }
  const first = document.getElementById(id)?.querySelector("[aria-current='page'], a[href], button");
  if (first instanceof HTMLElement) {
    first.focus({ preventScroll: true });
  }
}

function withoutDrawer() {
  watcher?.destroy();
  watcher = undefined;
  delete root.dataset.drawer;
  syncPanes();
}

function closeDrawer() {
  if (root.dataset.drawer === undefined) {
    return;
  }
  withoutDrawer();
  if (opener?.isConnected) {
    opener.focus({ preventScroll: true });
  }
  opener = null;
}

/** @param {string} id */
function toggle(id) {
  if (narrow.matches) {
    if (root.dataset.drawer === id) {
      closeDrawer();
    } else {
      openDrawer(id);
    }
    return;
  }
  root.dataset.pane = root.dataset.pane === "closed" ? "open" : "closed";
  write("chatshare.pane", root.dataset.pane);
  syncPanes();
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const pane = target?.closest("[data-pane-toggle]")?.getAttribute("data-pane-toggle");
  if (pane) {
    toggle(pane);
  } else if (target?.closest("[data-close-drawer], .room-link")) {
    closeDrawer();
  }
});

document.addEventListener("keydown", (event) => {
  if (!Watcher && event.key === "Escape" && !event.defaultPrevented && root.dataset.drawer !== undefined) {
    event.preventDefault();
    closeDrawer();
  }
});

narrow.addEventListener("change", withoutDrawer);

syncPanes();
