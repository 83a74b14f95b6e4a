// @ts-check
// What I sent and the server has not taken yet. Each message is kept in localStorage under its own key before it is
// handed over, so that a reload, a crash or a restarted server loses none, and two tabs never write over each other.
// Sending the same client id again is harmless: the server makes one message of it.

import * as storage from "./storage.js";
import { ConnectionLost, isConnectionLost } from "./server.js";
import { faultOf } from "./text.js";
import { newClientId } from "./ids.js";

/**
 * @typedef {"queued" | "sending" | "sent" | "failed"} State
 * sent: the server has it; the entry stays until its row is on screen.
 * @typedef {{ clientId: string, text: string, at: number, state: State, error: string | null, retryable: boolean, breaks?: number }} Entry
 */

// Written long ago and never sent: the person decides, it is not sent behind their back.
const staleAfter = 24 * 60 * 60 * 1000;
// The row of a sent message comes at once, or it is not in the part of the log that is shown.
const rowTimeout = 10_000;
// A message at which the connection breaks this often is what breaks it.
const mostBreaks = 3;

/**
 * @param {{
 *   server: import("./server.js").Server,
 *   prefix: string,
 *   maxLength: number,
 *   isShown: (clientId: string) => boolean,
 *   onChange: (entries: Entry[]) => void,
 *   signal: AbortSignal,
 * }} options prefix: of the storage keys, one per person and room; isShown: whether the log shows that message
 */
export function createOutbox({ server, prefix, maxLength, isShown, onChange, signal }) {
  /** @type {Map<string, Entry>} in the order of sending */
  const entries = new Map();
  /** The sending that is under way. @type {Promise<void> | null} */
  let pumping = null;
  let wanted = false;
  let lastAt = 0;

  /** @type {Map<string, () => void>} */
  const untilTaken = new Map();
  /** @type {Set<ReturnType<typeof setTimeout>>} */
  const timers = new Set();
  signal.addEventListener("abort", () => timers.forEach((timer) => clearTimeout(timer)), { once: true });

  function changed() {
    onChange([...entries.values()]);
    for (const [clientId, resolve] of untilTaken) {
      const state = entries.get(clientId)?.state;
      if (state !== "queued" && state !== "sending") {
        untilTaken.delete(clientId);
        resolve();
      }
    }
  }

  /** @param {Entry} entry */
  function keep(entry) {
    const { text, at, error, retryable } = entry;
    storage.write(prefix + entry.clientId, JSON.stringify({ text, at, error, retryable }));
  }

  /** @param {string} clientId */
  function forget(clientId) {
    entries.delete(clientId);
    storage.remove(prefix + clientId);
  }

  /** @returns {Entry[]} what storage holds, oldest first; what cannot be read is dropped */
  function stored() {
    /** @type {Entry[]} */
    const found = [];
    for (const key of storage.keys(prefix)) {
      try {
        const { text, at, error, retryable } = JSON.parse(storage.read(key) ?? "null");
        if (typeof text === "string" && typeof at === "number") {
          const fault = faultOf(text, maxLength);
          const stale = Date.now() - at > staleAfter ? "This was written more than a day ago and never sent." : "";
          const reason = error || fault || stale;
          found.push({
            clientId: key.slice(prefix.length),
            text,
            at,
            state: reason ? "failed" : "queued",
            error: reason || null,
            retryable: retryable !== false && !fault,
          });
        }
      } catch {
        storage.remove(key);
      }
    }
    return found.sort((a, b) => a.at - b.at);
  }

  function load() {
    for (const entry of stored()) {
      if (isShown(entry.clientId)) {
        storage.remove(prefix + entry.clientId);
      } else if (!entries.has(entry.clientId)) {
        entries.set(entry.clientId, entry);
        lastAt = Math.max(lastAt, entry.at);
      }
    }
    changed();
  }

  /**
   * @param {Entry} entry
   * @param {string} error
   * @param {boolean} retryable
   */
  function fail(entry, error, retryable) {
    Object.assign(entry, { state: "failed", error, retryable });
    keep(entry);
  }

  /** @param {Entry} entry */
  function sent(entry) {
    entry.state = "sent";
    // Durable on the server from here on; a reload must not send it again.
    storage.remove(prefix + entry.clientId);
    const timer = setTimeout(() => {
      timers.delete(timer);
      forget(entry.clientId);
      changed();
    }, rowTimeout);
    timers.add(timer);
  }

  /** @param {Entry} entry @returns {Promise<boolean>} false when the connection is lost */
  async function send(entry) {
    // It breaks nothing by waiting.
    if (isConnectionLost()) {
      return false;
    }
    entry.state = "sending";
    try {
      const { error, retryable } = await server.call("SendAsync", entry.clientId, entry.text);
      // Its row may have come first, and settled it.
      if (entries.has(entry.clientId)) {
        if (error) {
          fail(entry, error, retryable !== false);
        } else {
          sent(entry);
        }
      }
      return true;
    } catch (reason) {
      if (reason instanceof ConnectionLost) {
        entry.state = "queued";
        entry.breaks = (entry.breaks ?? 0) + (isConnectionLost() && !signal.aborted ? 1 : 0);
        if (entry.breaks >= mostBreaks) {
          fail(entry, "The connection was lost each time this was being sent.", true);
          changed();
        }
        return false;
      }
      if (entries.has(entry.clientId)) {
        fail(entry, "This message was not sent.", true);
      }
      return true;
    }
  }

  /** @returns {Promise<void>} when nothing is queued any more, or the connection is lost */
  function pump() {
    // Also of one that is on its way out, with a lost connection that is back by now.
    wanted = true;
    pumping ??= sendAll();
    return pumping;
  }

  async function sendAll() {
    // Not before the caller knows that it runs.
    await null;
    try {
      while (wanted && !signal.aborted) {
        wanted = false;
        for (;;) {
          const next = [...entries.values()].find((entry) => entry.state === "queued");
          if (!next || !(await send(next)) || signal.aborted) {
            break;
          }
          changed();
        }
      }
    } finally {
      pumping = null;
    }
  }

  document.addEventListener(
    "chatshare:reconnected",
    () => {
      // Also what a tab that is gone by now left behind.
      load();
      void pump();
    },
    { signal },
  );

  // Another tab of the same person. That it removed an entry says nothing (sent there, it will show here too);
  // only a deletion by hand counts, and it is said in words before the key goes.
  window.addEventListener(
    "storage",
    (event) => {
      if (event.key?.startsWith(prefix) && event.newValue === "deleted") {
        const entry = entries.get(event.key.slice(prefix.length));
        if (entry && (entry.state === "queued" || entry.state === "failed")) {
          entries.delete(entry.clientId);
          changed();
        }
      }
    },
    { signal },
  );

  load();
  void pump();

  return {
    /** @param {string} text @returns {Promise<void>} when the server has taken it, or has refused it */
    add(text) {
      lastAt = Math.max(Date.now(), lastAt + 1);
      /** @type {Entry} */
      const entry = { clientId: newClientId(), text, at: lastAt, state: "queued", error: null, retryable: true };
      entries.set(entry.clientId, entry);
      keep(entry);
      /** @type {Promise<void>} */
      const taken = new Promise((resolve) => untilTaken.set(entry.clientId, resolve));
      changed();
      void pump();
      return taken;
    },

    /** @returns {Promise<void>} when what was added is sent, as far as the connection lets it */
    finish: () => pump(),

    /** The log shows these messages. @param {string[]} clientIds */
    settle(clientIds) {
      const known = clientIds.filter((id) => entries.has(id));
      known.forEach(forget);
      if (known.length > 0) {
        changed();
      }
    },

    /** @param {string} clientId */
    retry(clientId) {
      const entry = entries.get(clientId);
      if (entry?.state === "failed" && !faultOf(entry.text, maxLength)) {
        Object.assign(entry, { state: "queued", error: null, at: Math.max(Date.now(), lastAt + 1) });
        lastAt = entry.at;
        keep(entry);
        changed();
        void pump();
      }
    },

    /** @param {string} clientId @returns {string | undefined} its text */
    discard(clientId) {
      const text = entries.get(clientId)?.text;
      storage.write(prefix + clientId, "deleted");
      forget(clientId);
      changed();
      return text;
    },
  };
}

/** @typedef {ReturnType<typeof createOutbox>} Outbox */
