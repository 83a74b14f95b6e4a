// @ts-check
// Times in the viewer's zone and language: the server sends UTC, one text for everybody.

const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const inFull = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** @type {WeakSet<Element>} */
const done = new WeakSet();

/** @returns {string} the viewer's zone by its IANA name, "UTC" where the browser does not tell */
export function timeZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** @param {Date} moment */
export function showTimeOfDay(moment) {
  return timeOfDay.format(moment);
}

/**
 * Shows every `<time datetime>` below (or at) an element as time of day, with the full date on hover.
 * @param {Element} element
 */
export function showTimes(element) {
  const times = element.matches("time") ? [element] : element.querySelectorAll("time[datetime]");
  for (const time of times) {
    const moment = new Date(time.getAttribute("datetime") ?? "");
    if (done.has(time) || Number.isNaN(moment.getTime())) {
      continue;
    }
    done.add(time);
    time.textContent = timeOfDay.format(moment);
    time.setAttribute("title", inFull.format(moment));
  }
}

/**
 * Shows the times below an element, also those that come later; for pages without a timeline.
 * @param {Element} root
 */
export function followTimes(root) {
  showTimes(root);
  new MutationObserver((records) => {
    for (const node of records.flatMap((record) => [...record.addedNodes])) {
      if (node instanceof Element) {
        showTimes(node);
      }
    }
  }).observe(root, { childList: true, subtree: true });
}
