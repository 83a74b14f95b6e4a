// @ts-check
// The buttons that float above a log: to what is new at its end, and to where one left off.

import { element } from "./dom.js";
import { grouped } from "./text.js";

/**
 * @param {{ holder: HTMLElement, scroller: HTMLElement, text: string, isQuiet: boolean, act: () => void }} options text: empty for no button;
 *   act: the same as before while it is shown
 */
export function showPill({ holder, scroller, text, isQuiet, act }) {
  let pill = /** @type {HTMLElement | null} */ (holder.firstElementChild);
  if (text === "") {
    if (pill && pill === document.activeElement) {
      scroller.focus({ preventScroll: true });
    }
    pill?.remove();
    return;
  }
  if (!pill) {
    pill = element("button", "pill");
    pill.setAttribute("type", "button");
    pill.addEventListener("click", act);
    holder.append(pill);
  }
  pill.textContent = text;
  pill.classList.toggle("quiet", isQuiet);
}

/**
 * A room opens with its newest messages. When more than these are unread, a button leads to where the person left off.
 * @param {{ scroller: HTMLElement, holder: HTMLElement, jump: () => void, signal: AbortSignal }} options
 */
export function followUnread({ scroller, holder, jump, signal }) {
  function show() {
    const count = Number(scroller.dataset.unreadAbove ?? 0);
    showPill({ holder, scroller, text: count > 0 ? `${grouped(count)} unread · Go to the first` : "", isQuiet: true, act: jump });
  }

  const changes = new MutationObserver(show);
  changes.observe(scroller, { attributes: true, attributeFilter: ["data-unread-above"] });
  signal.addEventListener("abort", () => {
    changes.disconnect();
    holder.replaceChildren();
  });
  show();
}
