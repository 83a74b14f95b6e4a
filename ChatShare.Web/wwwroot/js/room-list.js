// @ts-check
// The list of rooms, as far as it is the browser's: the room that is open is in view, and those in whose composer something was begun and not sent
// are marked.

import * as storage from "./storage.js";

/**
 * @param {(room: string) => string} draftKeyOf where the draft of a room is kept
 * @param {AbortSignal} signal
 */
export function followRoomList(draftKeyOf, signal) {
  const list = document.querySelector(".room-list");
  const frame = list?.closest(".pane-scroll");
  if (!list || !frame) {
    return;
  }
  /** @type {Element | null} */
  let shown = null;

  function show() {
    const open = list?.querySelector("[aria-current]") ?? null;
    if (open && open !== shown) {
      showOpen(open);
    }
    shown = open;
    for (const link of list?.querySelectorAll("[data-room]") ?? []) {
      const room = link.getAttribute("data-room") ?? "";
      link.toggleAttribute("data-draft", link !== open && storage.read(draftKeyOf(room)) !== null);
    }
  }

  /** By hand: `scrollIntoView` would move whatever else can be moved, as a drawer that is not open. @param {Element} link */
  function showOpen(link) {
    const [inside, around] = [link.getBoundingClientRect(), /** @type {Element} */ (frame).getBoundingClientRect()];
    if (inside.top < around.top || inside.bottom > around.bottom) {
      /** @type {Element} */ (frame).scrollTop += inside.top - around.top - around.height / 2;
    }
  }

  const changes = new MutationObserver(show);
  changes.observe(list, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-current"] });
  // In another tab.
  window.addEventListener("storage", show, { signal });
  signal.addEventListener("abort", () => changes.disconnect());
  show();
}
