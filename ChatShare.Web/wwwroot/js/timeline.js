// @ts-check
// The scrolling of a room: stays at the end, or keeps the place; loads what lies above and below; counts what is new.
//
// Blazor changes the DOM in one task, and a MutationObserver runs at its end, before anything is painted. So every
// correction of the scroll position happens there (or in a ResizeObserver, also before paint) and nothing jumps.

import { showPill } from "./pills.js";
import { createSeen } from "./seen.js";
import { ConnectionLost, isConnectionLost } from "./server.js";
import { showTimes } from "./times.js";
import { showUnseen } from "./title.js";

const endDistance = 100;
const loadDistance = 400;
const retryAfterError = 3000;
// Who looks at the end for so long does not mean to read what is further up.
const glance = 20000;

/** @param {Element | undefined | null} article */
const numberOf = (article) => Number(article?.getAttribute("data-number") ?? 0);

/**
 * @param {{
 *   scroller: HTMLElement,
 *   pillHolder: HTMLElement,
 *   person: string,
 *   server: import("./server.js").Server,
 *   onRows: (clientIds: string[]) => void,
 *   signal: AbortSignal,
 * }} options server: outlives the signal; onRows: client ids of the messages that were just added
 */
export function createTimeline({ scroller, pillHolder, person, server, onRows, signal }) {
  const content = /** @type {HTMLElement} */ (scroller.querySelector(".timeline-content"));
  const rows = content.getElementsByClassName("message");
  /** Visible rows and where they stood when last looked at; several, because the first may be trimmed away.
   * @type {{ id: string, top: number }[]} */
  let anchors = [];
  let stuck = true;
  let placed = false;
  let jumping = false;
  /** On the way to the "New" line, which is further up than what is shown: asked for, and then until its rows are drawn. */
  let asking = false;
  let seeking = false;
  let loading = false;
  /** The loading that is under way. @type {Promise<void>} */
  let loaded = Promise.resolve();
  let retryAt = 0;
  let fresh = 0;
  /** What came since the page went into the background. */
  let unseen = 0;
  /** What the server believes of `stuck`. */
  let told = true;
  let highest = 0;
  /** Back from there: asked where the line "New" is to stand, and then its message, until it is drawn. */
  let returning = false;
  let lineAt = 0;
  /** The first row above which nothing is; 0 while that is unknown. */
  let oldest = 0;
  let height = 0;
  let width = 0;
  let contentHeight = 0;
  const glanceUntil = performance.now() + glance;

  const showsEnd = () => scroller.dataset.atEnd !== "false";
  const distance = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  /** What the server kept back because this page reads further up. */
  const missed = () => Number(scroller.dataset.missed ?? 0);
  const isAtEnd = () => showsEnd() && distance() <= endDistance;

  /** The messages of the log, without the pending rows at its end. */
  function lastArticle() {
    for (let i = rows.length - 1; i >= 0; i--) {
      if (rows[i].id) {
        return rows[i];
      }
    }
    return null;
  }

  function firstArticle() {
    return rows.length > 0 && rows[0].id ? rows[0] : null;
  }

  function rememberPlace() {
    const top = scroller.getBoundingClientRect().top;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].getBoundingClientRect().bottom <= top) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    anchors = [];
    // Not by the very first row: it loses its day and its head when older ones come above it, and so its height.
    for (let i = Math.max(low, Math.min(1, rows.length - 1)); i < rows.length && anchors.length < 40; i++) {
      const at = rows[i].getBoundingClientRect().top - top;
      if (at > scroller.clientHeight && anchors.length > 0) {
        break;
      }
      if (rows[i].id) {
        anchors.push({ id: rows[i].id, top: at });
      }
    }
    height = scroller.clientHeight;
    width = scroller.clientWidth;
    contentHeight = scroller.scrollHeight;
  }

  function restorePlace() {
    const top = scroller.getBoundingClientRect().top;
    for (const anchor of anchors) {
      const row = document.getElementById(anchor.id);
      if (row && content.contains(row)) {
        const moved = row.getBoundingClientRect().top - top - anchor.top;
        if (Math.abs(moved) >= 0.5) {
          scroller.scrollTop += moved;
        }
        return;
      }
    }
  }

  /** The first time there is something: at what the person came for, at the "New" line, else at the end. */
  function placeFirst() {
    // The first message of a room that was empty is news like any other.
    placed = firstArticle() !== null || content.querySelector(".empty") !== null;
    placeAtLine();
  }

  const newLine = () => content.querySelector(".new-line");

  /** @returns {boolean} whether there is a "New" line, or the message that the person came for */
  function placeAtLine(line = content.querySelector(".sought") ?? newLine()) {
    if (line) {
      const above = line.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
      scroller.scrollTop += above - scroller.clientHeight / 4;
      stuck = isAtEnd();
      // Where one was before is no place to go back to.
      anchors = [];
    }
    return line !== null;
  }

  /** Puts the position right after the content or the window changed. */
  function settle() {
    if (!placed) {
      placeFirst();
    }
    if (seeking) {
      if (placeAtLine()) {
        endSeeking();
      }
    } else if (jumping && showsEnd()) {
      jumping = false;
      stuck = true;
    }
    if (lineAt && numberOf(newLine()?.nextElementSibling?.querySelector(".message")) === lineAt) {
      lineAt = 0;
      // Whoever reads further up stays there.
      if (stuck) {
        placeAtLine(newLine());
      }
    }
    if (stuck) {
      scroller.scrollTop = scroller.scrollHeight;
    } else if (!jumping) {
      restorePlace();
    }
    afterMove();
  }

  function afterMove() {
    rememberPlace();
    if (stuck) {
      fresh = 0;
    }
    showNews();
    tellFollowing();
    seen.report();
    loadEdges();
  }

  function showNews() {
    const far = !showsEnd() || distance() > 1.5 * scroller.clientHeight;
    const news = fresh + missed();
    const text = !placed || stuck ? "" : news > 0 ? `${news} new ${news === 1 ? "message" : "messages"}` : far ? "Latest messages" : "";
    showPill({ holder: pillHolder, scroller, text, isQuiet: news === 0, act: () => void scrollToEnd() });
  }

  /** The server takes nothing away from above the eyes of someone who reads further up. */
  function tellFollowing() {
    if (placed && told !== stuck) {
      told = stuck;
      // Told again with the next move when it did not arrive.
      server.call("FollowsEndAsync", stuck).catch(() => (told = !stuck));
    }
  }

  const isLookedAt = () => !document.hidden && !returning && !isConnectionLost();
  const seen = createSeen({
    // A log that was taken out of the page has no height, and seems to be at its end.
    newest: () => (isLookedAt() && placed && scroller.isConnected && isAtEnd() ? numberOf(lastArticle()) : 0),
    isGlance: () => Number(scroller.dataset.unreadAbove ?? 0) > 0 && performance.now() < glanceUntil,
    server,
    signal,
  });

  /**
   * The page is looked at again: what came meanwhile stands below the line "New", and is seen by whoever comes to its end.
   * @param {boolean} isNews whether anything may have come
   */
  async function comeBack(isNews) {
    unseen = 0;
    showUnseen(0);
    if (isNews && !returning) {
      returning = true;
      seen.tell();
      lineAt = await server.call("ComeBackAsync").catch(() => 0);
      returning = false;
      // Its row may be drawn by now, or a moment later.
      if (!signal.aborted) {
        settle();
      }
    }
    seen.report();
  }

  function loadEdges() {
    const first = firstArticle();
    if (loading || jumping || !placed || !first || performance.now() < retryAt) {
      return;
    }
    if (scroller.scrollTop < loadDistance && numberOf(first) !== oldest) {
      loaded = load("LoadOlderAsync");
    } else if (!showsEnd() && distance() < loadDistance) {
      loaded = load("LoadNewerAsync");
    }
  }

  /** @param {"LoadOlderAsync" | "LoadNewerAsync"} method */
  async function load(method) {
    const edge = () => (method === "LoadOlderAsync" ? numberOf(firstArticle()) : numberOf(lastArticle()));
    const before = edge();
    loading = true;
    // History is not news: a screen reader must not read it out.
    scroller.setAttribute("aria-busy", "true");
    try {
      const more = await server.call(method);
      if (method === "LoadOlderAsync" && more === false) {
        oldest = numberOf(firstArticle());
      }
    } catch (reason) {
      if (!(reason instanceof ConnectionLost)) {
        retryAt = performance.now() + retryAfterError;
      }
    }
    loading = false;
    scroller.removeAttribute("aria-busy");
    // Only when something came; otherwise the next scroll or change asks again.
    if (!signal.aborted && edge() !== before) {
      loadEdges();
    }
  }

  async function scrollToEnd() {
    endSeeking();
    if (showsEnd()) {
      stuck = true;
      settle();
      return;
    }
    jumping = true;
    try {
      await server.call("JumpToLatestAsync");
    } catch {
      jumping = false;
    }
    // Otherwise `jumping` ends when data-at-end changes: the rows may be drawn a moment after the answer.
  }

  function endSeeking() {
    asking = seeking = jumping = false;
    scroller.removeAttribute("aria-busy");
  }

  async function scrollToUnread() {
    if (asking) {
      return;
    }
    asking = true;
    // The server does one thing at a time for a page, and would refuse this one.
    await loaded;
    if (signal.aborted || !asking) {
      return;
    }
    scroller.setAttribute("aria-busy", "true");
    seeking = jumping = true;
    stuck = false;
    // With a line `settle` goes there: its rows may be drawn a moment after the answer. What was being loaded may have brought it by itself.
    if (!(await server.call("JumpToUnreadAsync").catch(() => false)) && asking) {
      endSeeking();
      if (!placeAtLine()) {
        stuck = isAtEnd();
      }
      settle();
    }
  }

  /** @param {MutationRecord[]} records */
  function mutated(records) {
    /** @type {Element[]} */
    const added = [];
    for (const record of records) {
      for (const node of record.addedNodes) {
        if (node instanceof Element && node.isConnected) {
          if (node.matches(".message")) {
            added.push(node);
          } else {
            added.push(...node.querySelectorAll(".message"));
          }
          showTimes(node);
        }
      }
    }
    const messages = [...new Set(added)].filter((article) => article.id !== "");
    const newest = messages.reduce((number, article) => Math.max(number, numberOf(article)), highest);
    // What appears because it was loaded by scrolling is not news; nor is one's own.
    if (placed && !loading && !jumping) {
      const news = messages.filter((m) => numberOf(m) > highest && m.getAttribute("data-person") !== person).length;
      fresh += stuck ? 0 : news;
      unseen += document.hidden ? news : 0;
      showUnseen(unseen);
    }
    highest = newest;
    const clientIds = messages.map((article) => article.getAttribute("data-client")).filter((id) => id !== null);
    if (clientIds.length > 0) {
      onRows(/** @type {string[]} */ (clientIds));
    }
    // The changes made just now are in what follows.
    mutations.takeRecords();
    settle();
  }

  function scrolled() {
    // Something grew in this very frame and its observer has not run yet: the distance says nothing about the person.
    if (scroller.clientHeight !== height || scroller.clientWidth !== width || scroller.scrollHeight !== contentHeight) {
      settle();
      return;
    }
    if (!jumping) {
      stuck = isAtEnd();
    }
    afterMove();
  }

  const mutations = new MutationObserver(mutated);
  const sizes = new ResizeObserver(settle);

  showTimes(content);
  highest = numberOf(lastArticle());
  settle();
  mutations.observe(scroller, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-at-end", "data-missed"] });
  sizes.observe(scroller);
  sizes.observe(content);
  scroller.addEventListener("scroll", scrolled, { passive: true, signal });
  document.addEventListener("visibilitychange", () => !document.hidden && void comeBack(unseen > 0), { signal });
  document.addEventListener(
    "chatshare:reconnected",
    () => {
      endSeeking();
      // Behind another tab nobody has looked yet, and what came is counted in the title.
      if (!document.hidden) {
        void comeBack(true);
      }
      loadEdges();
    },
    { signal },
  );
  // Whoever came to a message and has gone to the end since is not thrown back there.
  document.addEventListener("chatshare:reload", () => stuck && showsEnd() && history.replaceState(history.state, "", location.pathname), { signal });
  const looked = window.setTimeout(() => seen.report(), glance);
  signal.addEventListener("abort", () => {
    clearTimeout(looked);
    showUnseen(0);
    mutations.disconnect();
    sizes.disconnect();
    pillHolder.replaceChildren();
  });

  return {
    scrollToEnd,
    scrollToUnread,
    tellSeen: seen.tellAll,
    /** @param {string} clientId */
    shows: (clientId) => content.querySelector(`.message[id][data-client="${CSS.escape(clientId)}"]`) !== null,
  };
}
