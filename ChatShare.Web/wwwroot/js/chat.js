// @ts-check
// One open room: ties composer, outbox and timeline together. The room component calls `start` and later `dispose`.

import { followCards } from "./cards.js";
import { createComposer } from "./composer.js";
import { acceptFiles } from "./drop.js";
import { followExpiry } from "./expiry.js";
import { keepFolds } from "./groups.js";
import { createOutbox } from "./outbox.js";
import { syncPanes } from "./pane.js";
import { createPendingRows } from "./pending.js";
import { followUnread } from "./pills.js";
import { followRoomList } from "./room-list.js";
import { followRows } from "./row-tools.js";
import { ConnectionLost, createServer } from "./server.js";
import * as storage from "./storage.js";
import { createTimeline } from "./timeline.js";
import { standInRoom } from "./transfers.js";
import { sendUnsent } from "./unsent.js";
import { calledOff } from "./uploads.js";

export { timeZone } from "./times.js";

const longestWait = 2000;

/**
 * @typedef {{
 *   room: string,
 *   person: string,
 *   maxLength: number,
 *   administrator?: boolean,
 *   name?: string,
 *   initials?: string,
 *   color?: number,
 *   fileBytes?: number,
 *   filesPerMessage?: number,
 * }} RoomOptions name, initials, color (0 to 11): how my own pending rows look; fileBytes, filesPerMessage: limits, 0 for none
 */

/** @type {{ dispose(): Promise<void> } | null} */
let current = null;

/**
 * @param {HTMLElement} root the room: `.timeline`, `.pending-rows`, `.pill-holder`s and `.composer` stand below it
 * @param {import("./server.js").DotNetRef} dotnet
 * @param {string} json of RoomScriptOptions
 */
export function start(root, dotnet, json) {
  /** @type {RoomOptions} */
  const options = JSON.parse(json);
  // A circuit that is gone never said goodbye to its room.
  void current?.dispose();

  const stop = new AbortController();
  const { signal } = stop;
  // The page is left first; what was written there is still sent.
  const gone = new AbortController();
  const server = createServer(dotnet, gone.signal);
  // A slash can be in neither of them, so no key of one room begins like those of another.
  /** @param {string} room */
  const scopeOf = (room) => `/${options.person}/${room.toLowerCase()}/`;
  const scope = scopeOf(options.room);
  /** @param {string} selector @returns {HTMLElement} */
  const part = (selector) => {
    const found = root.querySelector(selector);
    if (!(found instanceof HTMLElement)) {
      throw new Error(`The room has no ${selector}.`);
    }
    return found;
  };

  /** @type {import("./outbox.js").Outbox | undefined} */
  let outbox;
  const pending = createPendingRows(part(".pending-rows"), options, {
    retry: (clientId) => outbox?.retry(clientId),
    edit: (clientId) => {
      const text = outbox?.discard(clientId);
      if (text !== undefined) {
        composer.insert(text);
      }
    },
    discard: (clientId) => {
      outbox?.discard(clientId);
      composer.focus();
    },
  });
  const scroller = part(".timeline");
  const timeline = createTimeline({
    scroller,
    pillHolder: part(".pill-holder.below"),
    person: options.person,
    server,
    onRows: (clientIds) => outbox?.settle(clientIds),
    signal,
  });
  followUnread({ scroller, holder: part(".pill-holder.above"), jump: () => void timeline.scrollToUnread(), signal });
  // A browser is one person's at a time: what somebody before them wrote and did not send is nobody's any more.
  for (const key of ["chatshare.draft/", "chatshare.outbox/"].flatMap(storage.keys)) {
    if (!key.includes(`/${options.person}/`)) {
      storage.remove(key);
    }
  }
  outbox = createOutbox({
    server,
    prefix: `chatshare.outbox${scope}`,
    maxLength: options.maxLength,
    isShown: timeline.shows,
    onChange: (entries) => signal.aborted || pending.show(entries),
    signal: gone.signal,
  });
  /** Until what was written last is with the server; null when it is. @type {Promise<void> | null} */
  let taken = null;
  /** @type {() => boolean} */
  let sendFiles = () => false;
  const composer = createComposer({
    root: part(".composer"),
    draftKey: `chatshare.draft${scope}`,
    maxLength: options.maxLength,
    onSend: (text) => {
      // Whoever answers has seen what is there; after something unseen, one's own message would be news to oneself.
      timeline.tellSeen();
      const added = outbox?.add(text) ?? null;
      taken = added;
      void added?.then(() => {
        taken = taken === added ? null : taken;
      });
      void timeline.scrollToEnd();
    },
    onRelease: () => sendFiles(),
    onTyping: (typing) => tell("TypingAsync", typing),
    signal,
  });

  /** Calls whose failure concerns nobody: a lost connection shows itself. @param {string} method @param {...unknown} args */
  function tell(method, ...args) {
    server.call(method, ...args).catch(() => undefined);
  }

  /** What somebody asked for, and has to hear of when it is not done. @param {unknown[]} args @param {() => void} [then] when it is done */
  function act(args, then = () => undefined) {
    server.call("RowActionAsync", ...args).then(then, (reason) => {
      if (!signal.aborted) {
        composer.say(`This was not done${reason instanceof ConnectionLost ? ": the connection is lost. Try again when it is back." : ". Try again in a moment."}`);
      }
    });
  }

  scroller.addEventListener(
    "click",
    (event) => {
      const button = event.target instanceof Element ? event.target.closest("button[data-action]") : null;
      // A card of a message that still fills stands beside the message's frame, in the same row.
      const number = button?.closest(".row")?.querySelector(".message")?.getAttribute("data-number");
      if (button && number) {
        const file = button.closest(".card")?.getAttribute("data-file") ?? null;
        act([button.getAttribute("data-action"), Number(number), file]);
      }
    },
    { signal },
  );

  followRows({
    scroller,
    tools: part(".row-tools"),
    room: options.room,
    person: options.person,
    administrator: options.administrator === true,
    takeBack: (number, files) => act(["take-back", number, null], () => files.forEach(calledOff)),
    signal,
  });

  // Whoever opens the plain address next time comes back to this room; the server reads it.
  document.cookie = `room=${encodeURIComponent(options.room)}; path=/; max-age=31536000; samesite=lax`;

  sendFiles = acceptFiles({
    room: options.room,
    composer: part(".composer"),
    fileBytes: options.fileBytes ?? 0,
    filesPerMessage: options.filesPerMessage ?? 0,
    say: composer.say,
    // A connection that is lost holds up the text, but not the files for long.
    before: () => taken && Promise.race([taken, new Promise((resolve) => setTimeout(resolve, longestWait))]),
    signal,
  });
  keepFolds(scroller, signal);
  followRoomList((room) => `chatshare.draft${scopeOf(room)}`, signal);
  followCards({ scroller, room: options.room, signal });
  followExpiry({ scroller, person: options.person, administrator: options.administrator === true, signal });
  standInRoom(part(".composer"), signal);
  root.dataset.ready = "";
  followKeyboard(signal);
  syncPanes();
  if (matchMedia("(pointer: fine)").matches && !document.querySelector(".mud-dialog")) {
    composer.focus();
  }

  const sendOthers = () => void sendUnsent(options.person, options.room.toLowerCase());
  document.addEventListener("chatshare:reconnected", sendOthers, { signal });
  sendOthers();

  const handle = {
    /** @returns {Promise<void>} when this room has nothing more to tell the server */
    dispose: async () => {
      stop.abort();
      delete root.dataset.ready;
      pending.clear();
      if (current === handle) {
        current = null;
      }
      await outbox.finish();
      gone.abort();
    },
  };
  current = handle;
  return handle;
}

/**
 * iOS lays its keyboard over the page instead of making the page smaller; the composer then stands on top of it.
 * @param {AbortSignal} signal
 */
function followKeyboard(signal) {
  const view = window.visualViewport;
  const style = document.documentElement.style;
  view?.addEventListener(
    "resize",
    () => {
      // A pinch makes the view smaller too; that is looking closer, not a keyboard.
      const covered = view.scale === 1 && window.innerHeight - view.height > 80;
      if (covered) {
        style.setProperty("--app-height", `${view.height}px`);
      } else {
        style.removeProperty("--app-height");
      }
    },
    { signal },
  );
  signal.addEventListener("abort", () => style.removeProperty("--app-height"));
}
