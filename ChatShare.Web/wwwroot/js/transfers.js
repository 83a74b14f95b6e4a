// @ts-check
// The panel of all files that this page sends, whatever page is shown. It shows one line for all; opened, a line for each.

import { bar, element, icon, showActions } from "./dom.js";
import * as downloads from "./downloads.js";
import * as items from "./items.js";
import { read, write } from "./storage.js";
import { sizeOf, timeLeftOf } from "./text.js";
import * as uploads from "./uploads.js";
import * as waiting from "./waiting.js";
import { createWaitingLines, summaryOf } from "./waiting-lines.js";

/** @typedef {import("./items.js").Item} Item */

const interval = 250;
const openKey = "chatshare.transfers";
const lingers = 6000;
const alreadyHere = "already here, nothing to upload";
// As on the cards: averaged over about this time.
const speedWindow = 3;

/** Bytes a second of a number that grows. */
class Speed {
  #at = 0;
  #bytes = 0;
  #average = 0;
  #weight = 0;
  #movedAt = 0;

  /** Whether nothing has moved for a while. */
  get isStill() {
    return this.#at - this.#movedAt > speedWindow;
  }

  /** @param {number} bytes @returns {number} */
  sample(bytes) {
    const now = performance.now() / 1000;
    const elapsed = now - this.#at;
    // Sent again after a break, or begun: nothing to compare with.
    if (this.#at === 0 || bytes < this.#bytes || elapsed > 2 * speedWindow) {
      this.#average = this.#weight = 0;
    } else if (elapsed > 0) {
      const keep = Math.exp(-elapsed / speedWindow);
      this.#average = this.#average * keep + ((bytes - this.#bytes) / elapsed) * (1 - keep);
      this.#weight = this.#weight * keep + (1 - keep);
    }
    if (bytes !== this.#bytes || this.#at === 0) {
      this.#movedAt = now;
    }
    this.#at = now;
    this.#bytes = bytes;
    return this.#weight > 0 ? this.#average / this.#weight : 0;
  }
}

/** @param {number} count */
const files = (count) => (count === 1 ? "1 file" : `${count} files`);

/** @param {number} part @param {number} all */
const percent = (part, all) => `${all === 0 ? 0 : Math.floor((part * 100) / all)} %`;

/** @param {Item[]} all @param {(item: Item) => number} bytes */
const sum = (all, bytes) => all.reduce((total, item) => total + bytes(item), 0);

/** @param {Item} item */
function describe(item) {
  switch (item.state) {
    case "waiting":
      return item.sent > 0 ? `${percent(item.sent, item.size)} · waiting` : `${sizeOf(item.size)} · waiting`;
    case "sending":
      // In the words of the card: behind the last byte the server looks at what it has.
      return item.sent === item.size ? `${sizeOf(item.size)} · checking` : `${percent(item.sent, item.size)} of ${sizeOf(item.size)}`;
    case "paused":
      return `${percent(item.sent, item.size)} of ${sizeOf(item.size)} · paused`;
    case "failed":
      return item.error;
    default:
      return `${sizeOf(item.size)} · ${item.wasHere ? alreadyHere : "sent"}`;
  }
}

/** The actions of a line, by state: word, icon, what it does. @type {Record<string, [string, string, (item: Item) => void][]>} */
const actions = {
  waiting: [["Pause", "pause", uploads.pause], ["Cancel", "close", uploads.cancel]],
  sending: [["Pause", "pause", uploads.pause], ["Cancel", "close", uploads.cancel]],
  paused: [["Resume", "resume", uploads.resume], ["Cancel", "close", uploads.cancel]],
  failed: [["Retry", "retry", uploads.resume], ["Dismiss", "close", uploads.cancel]],
  done: [],
  cancelled: [],
};

/** @param {HTMLElement} panel */
function build(panel) {
  const root = document.documentElement;
  const toggle = element("button", "transfers-toggle");
  toggle.setAttribute("type", "button");
  const title = element("span", "transfers-title");
  const meta = element("span", "transfers-meta");
  toggle.append(title, meta, icon("chevron"));
  const list = element("ul", "transfers-list");
  list.id = "transfers-list";
  list.setAttribute("role", "list");
  toggle.setAttribute("aria-controls", list.id);
  panel.setAttribute("aria-label", "Transfers");
  const waitingLines = createWaitingLines();
  const total = bar();
  panel.append(toggle, total, list, waitingLines.root);
  downloads.place(panel, () => show());

  /** @type {Map<Item, HTMLElement>} */
  const lines = new Map();
  let speed = new Speed();
  /** @type {WeakSet<Item>} done before those that are under way were picked: they count no more */
  const before = new WeakSet();
  // As it was left; before it was ever touched, what waits for a choice is shown.
  let wasLeft = read(openKey);
  let isOpen = wasLeft === "open";
  let ticking = 0;
  let closing = 0;

  /** @param {Item} item */
  function line(item) {
    let made = lines.get(item);
    if (!made) {
      made = element("li", "transfer-line");
      const name = element("span", "transfer-name");
      name.textContent = item.name;
      name.title = item.name;
      name.dir = "auto";
      made.append(name, element("span", "transfer-meta"), element("span", "transfer-actions"), bar());
      lines.set(item, made);
    }
    const text = describe(item);
    const place = /** @type {HTMLElement} */ (made.children[1]);
    if (place.textContent !== text) {
      place.textContent = text;
    }
    made.style.setProperty("--p", String(item.size === 0 ? 1 : item.sent / item.size));
    made.dataset.state = item.state;
    const possible = actions[item.state].filter(([word]) => word !== "Retry" || item.canRetry);
    showActions(
      /** @type {HTMLElement} */ (made.children[2]),
      possible.map(([word, symbol, act]) => [word, symbol, `${word} transfer of ${item.name}`, () => act(item)]),
    );
    return made;
  }

  function show() {
    const all = uploads.all();
    const waits = waiting.all();
    if (document.querySelector(".composer")) {
      root.setAttribute("data-room", "");
    }
    panel.hidden = all.length === 0 && waits.length === 0 && !downloads.any();
    root.toggleAttribute("data-transfers", !panel.hidden);
    toggle.hidden = total.hidden = all.length === 0 && waits.length === 0;
    isOpen = wasLeft === null ? waits.length > 0 : wasLeft === "open";
    waitingLines.show(isOpen ? waits : []);
    const wanted = new Set(all);
    const hadFocus = panel.contains(document.activeElement);
    for (const [item, gone] of lines) {
      if (!wanted.has(item) || !isOpen) {
        gone.remove();
        lines.delete(item);
      }
    }
    if (hadFocus && !panel.contains(document.activeElement)) {
      toggle.focus({ preventScroll: true });
    }
    toggle.setAttribute("aria-expanded", String(isOpen));
    if (all.length === 0) {
      if (waits.length > 0) {
        const summary = summaryOf(waits);
        title.textContent = summary.title;
        meta.textContent = summary.text;
        panel.style.setProperty("--p", String(summary.fraction));
        panel.dataset.state = "waiting";
      }
      return;
    }

    const left = all.filter(items.isUnderWay).length;
    if (left === 0) {
      all.filter((item) => item.state === "done").forEach((item) => before.add(item));
      // Nothing moves, and the next one is not slow because of that.
      speed = new Speed();
    }
    const counted = all.filter((item) => item.state !== "failed" && !before.has(item));
    const sent = sum(counted, (item) => item.sent);
    const size = sum(counted, (item) => item.size);
    const paused = all.filter((item) => item.state === "paused").length;
    const failed = all.filter((item) => item.state === "failed").length;
    const rate = speed.sample(sent - sum(counted, (item) => item.carried));
    /** @type {string[]} */
    const parts = [];
    if (left > 0 && sent === size) {
      parts.push(sizeOf(size), "checking");
    } else if (left > 0) {
      parts.push(percent(sent, size));
      if (speed.isStill && all.some((item) => item.state === "sending")) {
        parts.push("waiting for the connection");
      } else if (rate >= 1) {
        const missing = sum(all.filter(items.isUnderWay), (item) => item.size - item.sent);
        parts.push(`${sizeOf(Math.round(rate))}/s`, `${timeLeftOf(missing / rate)} left`);
      }
    } else if (paused > 0) {
      parts.push(`${percent(sent, size)} of ${sizeOf(size)}`);
    }
    if (failed > 0) {
      // First: it is what must not be cut off.
      parts.unshift(`${failed} failed`);
    }
    const own = left > 0 ? `Uploading ${files(left)}` : paused > 0 ? `Paused: ${files(paused)}` : failed > 0 ? "Not sent" : all.every((item) => item.wasHere) ? "Already here, nothing to upload" : `${files(all.length)} sent`;
    title.textContent = waits.length > 0 ? `${own}, ${waits.length} waiting` : own;
    meta.textContent = parts.join(" · ");
    panel.style.setProperty("--p", String(size === 0 ? 1 : sent / size));
    panel.dataset.state = left > 0 ? "sending" : paused > 0 ? "paused" : failed > 0 ? "failed" : "done";
    if (isOpen) {
      all.forEach((item, index) => {
        const own = line(item);
        if (list.children[index] !== own) {
          list.insertBefore(own, list.children[index] ?? null);
        }
      });
    }

    clearTimeout(closing);
    if (all.every((item) => item.state === "done")) {
      closing = window.setTimeout(uploads.clearEnded, lingers);
    }
    if (left > 0 && ticking === 0) {
      ticking = window.setTimeout(() => {
        ticking = 0;
        show();
      }, interval);
    }
  }

  toggle.addEventListener("click", () => {
    wasLeft = isOpen ? "closed" : "open";
    write(openKey, wasLeft);
    show();
  });
  // What lies below the panel makes room for it.
  new ResizeObserver(() => root.style.setProperty("--transfers-height", `${panel.hidden ? 0 : panel.offsetHeight}px`)).observe(panel);
  let drawing = false;
  const draw = () => {
    if (!drawing) {
      drawing = true;
      queueMicrotask(() => {
        drawing = false;
        show();
      });
    }
  };
  uploads.onChange(draw);
  waiting.onChange(draw);
  waiting.followWaiting();
  show();
}

/** Called once, when the page itself has come. */
export function showTransfers() {
  const place = document.getElementById("transfers");
  if (place) {
    build(place);
  }
}

/**
 * The panel has its place in a room: it does not cover the composer.
 * @param {HTMLElement} composer @param {AbortSignal} signal until the room is left
 */
export function standInRoom(composer, signal) {
  const root = document.documentElement;
  const sizes = new ResizeObserver(() => root.style.setProperty("--composer-height", `${composer.offsetHeight}px`));
  sizes.observe(composer);
  root.setAttribute("data-room", "");
  signal.addEventListener("abort", () => {
    sizes.disconnect();
    // The next room has its composer in the page before it is ready; until then the panel stays where it is.
    if (!document.querySelector(".composer")) {
      root.style.removeProperty("--composer-height");
      root.removeAttribute("data-room");
    }
  });
}
