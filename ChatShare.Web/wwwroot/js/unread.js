// @ts-check
// A room opens with its newest messages. When more than these are unread, a button leads to where the person left off.

import { element } from "./dom.js";
import { grouped } from "./text.js";

/**
 * @param {{ scroller: HTMLElement, holder: HTMLElement, jump: () => void, signal: AbortSignal }} options holder: the button stands in it
 */
export function followUnread({ scroller, holder, jump, signal }) {
  function show() {
    const count = Number(scroller.dataset.unreadAbove ?? 0);
    if (count === 0 && holder.contains(document.activeElement)) {
      scroller.focus({ preventScroll: true });
    }
    holder.replaceChildren();
    if (count > 0) {
      const button = element("button", "pill quiet", `${grouped(count)} unread · Go to the first`);
      button.setAttribute("type", "button");
      button.addEventListener("click", jump);
      holder.append(button);
    }
  }

  const changes = new MutationObserver(show);
  changes.observe(scroller, { attributes: true, attributeFilter: ["data-unread-above"] });
  signal.addEventListener("abort", () => {
    changes.disconnect();
    holder.replaceChildren();
  });
  show();
}
