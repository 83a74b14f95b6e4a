// @ts-check
// What a person folded open or away on a card of several files stays so when the card is drawn anew, above all when its last file is here.

/** @param {HTMLElement} scroller @param {AbortSignal} signal */
export function keepFolds(scroller, signal) {
  /** @type {Map<string, boolean>} */
  const open = new Map();

  /** @param {Element} details */
  const keyOf = (details) => `${details.closest(".group")?.getAttribute("data-group")}/${details.getAttribute("data-part")}`;

  scroller.addEventListener(
    "toggle",
    (event) => {
      if (event.target instanceof HTMLDetailsElement && event.target.dataset.part !== undefined && event.target.isConnected) {
        open.set(keyOf(event.target), event.target.open);
      }
    },
    // It does not bubble.
    { capture: true, signal },
  );

  const added = new MutationObserver((records) => {
    for (const record of records) {
      for (const node of record.addedNodes) {
        for (const details of node instanceof Element ? node.querySelectorAll("details[data-part]") : []) {
          const wanted = open.get(keyOf(details));
          if (wanted !== undefined && details instanceof HTMLDetailsElement) {
            details.open = wanted;
          }
        }
      }
    }
  });
  added.observe(scroller, { childList: true, subtree: true });
  signal.addEventListener("abort", () => added.disconnect());
}
