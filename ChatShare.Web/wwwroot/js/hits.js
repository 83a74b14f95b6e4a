// @ts-check
// What a search has found is looked through one by one: whoever opens a message, and comes back, is where they were.

/** @param {HTMLElement | null} page null when it was left before the server's wish came */
export function follow(page) {
  const opened = history.state?.hit;
  page?.addEventListener("click", ({ target }) => {
    const hit = target instanceof Element ? target.closest("a.hit") : null;
    if (hit) {
      history.replaceState({ ...history.state, hit: hit.getAttribute("href") }, "");
    }
  }, { capture: true });
  if (!page || typeof opened !== "string") {
    return;
  }
  const comeBack = () => {
    const hit = page.querySelector(`a.hit[href="${CSS.escape(opened)}"]`);
    if (hit instanceof HTMLElement) {
      found.disconnect();
      hit.scrollIntoView({ block: "center" });
      hit.focus({ preventScroll: true });
    }
  };
  // It is searched for again.
  const found = new MutationObserver(comeBack);
  found.observe(page, { childList: true, subtree: true });
  comeBack();
}
