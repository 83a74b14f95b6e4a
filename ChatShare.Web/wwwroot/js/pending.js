// @ts-check
// The rows of what is not in the log yet, in a container that Blazor renders empty and never looks into.

import { element, linkButton } from "./dom.js";
import { isEmojiOnly } from "./text.js";
import { showTimes } from "./times.js";

// Rows of one person within this time stand together, as on the server.
const together = 5 * 60 * 1000;

/**
 * @param {HTMLElement} container
 * @param {{ person: string, name?: string, initials?: string, color?: number }} me
 * @param {{ retry(clientId: string): void, edit(clientId: string): void, discard(clientId: string): void }} actions
 */
export function createPendingRows(container, me, actions) {
  /** @type {Map<string, HTMLElement>} */
  const rows = new Map();
  /** @type {WeakMap<HTMLElement, string>} what a row shows, so that an unchanged one keeps its elements and its focus */
  const shown = new WeakMap();

  /** @param {number} at whether the row before it is mine and recent */
  function follows(at) {
    const articles = container.parentElement?.querySelectorAll(".message[id]");
    const last = articles?.[articles.length - 1];
    const time = last?.querySelector("time")?.getAttribute("datetime");
    return last?.getAttribute("data-person") === me.person && at - Date.parse(time ?? "") < together;
  }

  /** @param {import("./outbox.js").Entry} entry */
  function create(entry) {
    const row = element("div", "row pending");
    const article = element("article", "message");
    const disc = element("span", `disc c${me.color ?? 0}`, me.initials ?? "");
    disc.setAttribute("aria-hidden", "true");
    const head = element("header", "message-head");
    const time = element("time");
    time.setAttribute("datetime", new Date(entry.at).toISOString());
    head.append(element("b", "name", me.name ?? ""), time);
    const text = element("div", isEmojiOnly(entry.text) ? "text emoji-only" : "text", entry.text);
    text.dir = "auto";
    article.append(disc, head, text);
    row.append(article);
    showTimes(row);
    return row;
  }

  /** @param {HTMLElement} row @param {import("./outbox.js").Entry} entry */
  function showState(row, entry) {
    const key = `${entry.state === "failed"}|${entry.error}|${entry.retryable}`;
    if (shown.get(row) === key) {
      return;
    }
    shown.set(row, key);
    row.querySelector(".send-error")?.remove();
    row.classList.toggle("failed", entry.state === "failed");
    if (entry.state !== "failed") {
      return;
    }
    const line = element("div", "send-error");
    const sentence = element("span", "", entry.error ?? "This message was not sent.");
    sentence.setAttribute("role", "alert");
    line.append(sentence);
    line.append(linkButton("Retry", () => actions.retry(entry.clientId)));
    if (!entry.retryable) {
      line.append(linkButton("Edit", () => actions.edit(entry.clientId)));
    }
    line.append(linkButton("Delete", () => actions.discard(entry.clientId)));
    row.querySelector(".message")?.append(line);
  }

  return {
    /** @param {import("./outbox.js").Entry[]} entries */
    show(entries) {
      const wanted = new Set(entries.map((entry) => entry.clientId));
      for (const [id, row] of rows) {
        if (!wanted.has(id)) {
          row.remove();
          rows.delete(id);
        }
      }
      entries.forEach((entry, index) => {
        let row = rows.get(entry.clientId);
        if (!row) {
          row = create(entry);
          rows.set(entry.clientId, row);
        }
        row.classList.toggle("follows", index > 0 || !me.name || follows(entry.at));
        showState(row, entry);
        if (container.children[index] !== row) {
          container.insertBefore(row, container.children[index] ?? null);
        }
      });
    },

    clear() {
      container.replaceChildren();
      rows.clear();
    },
  };
}
