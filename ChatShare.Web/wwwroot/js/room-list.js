// @ts-check
// Which rooms have something in their composer that was begun and not sent: the list of rooms says so, but for the one that is open.

import * as storage from "./storage.js";

/**
 * @param {(room: string) => string} keyOf where the draft of a room is kept
 * @param {AbortSignal} signal
 */
export function markDrafts(keyOf, signal) {
  const list = document.querySelector(".room-list");
  if (!list) {
    return;
  }

  function show() {
    for (const link of list?.querySelectorAll("[data-room]") ?? []) {
      const isOpen = link.hasAttribute("aria-current");
      link.toggleAttribute("data-draft", !isOpen && storage.read(keyOf(link.getAttribute("data-room") ?? "")) !== null);
    }
  }

  const changes = new MutationObserver(show);
  changes.observe(list, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-current"] });
  // In another tab.
  window.addEventListener("storage", show, { signal });
  signal.addEventListener("abort", () => changes.disconnect());
  show();
}
