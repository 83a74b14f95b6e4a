// @ts-check
// When files go by the room's rule, and who may keep them. The cards are the same for everybody and are made once; the rule stands on
// the log (data-keep-days, data-keep-bytes) and may change while people look, so both are put together here.

import { grouped, timeLeftOf } from "./text.js";

const day = 86_400_000;
const lookAgain = 60_000;

const inFull = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

/** Whole days, when there is more than one left. @param {number} left in milliseconds */
const timeUntil = (left) => (left > 2 * day ? `${grouped(Math.ceil(left / day))} days` : timeLeftOf(left / 1000));

/**
 * @param {{ scroller: HTMLElement, person: string, administrator: boolean, signal: AbortSignal }} options
 *   administrator: may keep everybody's files; whether it is so is asked again by the server
 */
export function followExpiry({ scroller, person, administrator, signal }) {
  /** The file whose button was pressed last: its card is made anew, and the focus would be gone with the old one. */
  let pressed = "";

  /** @param {Element} card */
  function mark(card) {
    const days = Number(scroller.dataset.keepDays ?? 0);
    const hasRule = days > 0 || scroller.dataset.keepBytes !== undefined;
    const label = card.querySelector(".kept");
    if (label instanceof HTMLElement) {
      label.hidden = !hasRule;
    }
    const time = card.querySelector("time.expires");
    if (time instanceof HTMLElement) {
      countDown(time, days);
    }
    const button = card.querySelector("button.keep");
    if (button instanceof HTMLElement) {
      const mine = administrator || card.closest(".row")?.querySelector(".message")?.getAttribute("data-person") === person;
      button.hidden = !(mine && hasRule);
      if (card.getAttribute("data-file") === pressed && !button.hidden && document.activeElement === document.body) {
        button.focus({ preventScroll: true });
      }
    }
  }

  /**
   * @param {HTMLElement} time when it became a file
   * @param {number} days how long the room keeps it; 0 for ever
   */
  function countDown(time, days) {
    const goes = Date.parse(time.getAttribute("datetime") ?? "") + days * day;
    const left = goes - Date.now();
    time.hidden = days === 0;
    if (days > 0) {
      // In one piece: what stands before it ends a line, where there has to be another one.
      time.textContent = (left > 0 ? `removed in ${timeUntil(left)}` : "removed soon").replaceAll(" ", "\u00a0");
      time.title = `Removed on ${inFull.format(goes)}`;
      time.toggleAttribute("data-last-day", left <= day);
    }
  }

  const markAll = () => scroller.querySelectorAll(".card[data-file]").forEach(mark);

  const changes = new MutationObserver((records) => {
    for (const node of records.flatMap((record) => [...record.addedNodes])) {
      if (node instanceof Element && node.isConnected) {
        (node.matches(".card[data-file]") ? [node] : node.querySelectorAll(".card[data-file]")).forEach(mark);
      }
    }
  });
  changes.observe(scroller, { childList: true, subtree: true });
  // Those of the log alone: what is set on the cards here is no news.
  const rule = new MutationObserver(markAll);
  rule.observe(scroller, { attributes: true, attributeFilter: ["data-keep-days", "data-keep-bytes"] });
  scroller.addEventListener(
    "click",
    (event) => {
      const button = event.target instanceof Element ? event.target.closest("button.keep") : null;
      pressed = button?.closest(".card")?.getAttribute("data-file") ?? "";
    },
    { signal },
  );
  const timer = setInterval(markAll, lookAgain);
  signal.addEventListener("abort", () => {
    changes.disconnect();
    rule.disconnect();
    clearInterval(timer);
  });
  markAll();
}
