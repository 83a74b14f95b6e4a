// @ts-check
// Times in the viewer's zone and language: the server sends UTC, one text for everybody.

// As the viewer's own language writes it: 09:06, or 9:06 AM.
const timeOfDay = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const inFull = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** @type {WeakMap<Element, string>} what an element was made of */
const done = new WeakMap();

/** @returns {string} the viewer's zone by its IANA name, "UTC" where the browser does not tell */
export function timeZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** @param {Date} moment @returns {string} "23 Nov, " before the time, and nothing on the same day */
function dayBefore(moment) {
  const now = new Date();
  if (moment.toDateString() === now.toDateString()) {
    return "";
  }
  return `${(moment.getFullYear() === now.getFullYear() ? day : dayOfYear).format(moment)}, `;
}

/**
 * The part of the day (AM, PM) in an element of its own: where there is no place, the style sheet leaves it out.
 * @param {Element} time
 * @param {Date} moment
 */
function fill(time, moment) {
  const dated = time.hasAttribute("data-time") ? dayBefore(moment) : "";
  const parts = timeOfDay.formatToParts(moment);
  const at = parts.findIndex((part) => part.type === "dayPeriod");
  if (at < 0) {
    time.textContent = dated + timeOfDay.format(moment);
    return;
  }
  const period = document.createElement("span");
  period.className = "day-period";
  const before = parts[at - 1]?.type === "literal" ? parts[at - 1].value : "";
  const after = parts[at + 1]?.type === "literal" ? parts[at + 1].value : "";
  period.textContent = before + parts[at].value + after;
  const rest = parts.filter((part, index) => index !== at && !(Math.abs(index - at) === 1 && part.type === "literal"));
  const clock = rest.map((part) => part.value).join("");
  time.replaceChildren(...(at === 0 ? [dated, period, clock] : [dated + clock, period]));
}

/**
 * Shows every `<time datetime>` below (or at) an element (but for those that count down, see expiry.js) as time of day, with the full date on hover. Where no day stands
 * above it (`data-time`), a time of another day has its date.
 * @param {Element} element
 */
export function showTimes(element) {
  const times = element.matches("time") ? [element] : element.querySelectorAll("time[datetime]:not(.expires)");
  for (const time of times) {
    const stamp = time.getAttribute("datetime") ?? "";
    const moment = new Date(stamp);
    if (done.get(time) === stamp || Number.isNaN(moment.getTime())) {
      continue;
    }
    done.set(time, stamp);
    fill(time, moment);
    time.setAttribute("title", inFull.format(moment));
  }
}

/**
 * Shows the times below an element, also those that come later; for pages without a timeline.
 * @param {Element | null} root null when the page was left before the server's wish came
 */
export function followTimes(root) {
  if (!root) {
    return;
  }
  showTimes(root);
  new MutationObserver((records) => {
    for (const node of records.flatMap((record) => [record.target, ...record.addedNodes])) {
      if (node instanceof Element) {
        showTimes(node);
      }
    }
  }).observe(root, { childList: true, subtree: true, attributes: true, attributeFilter: ["datetime"] });
}
