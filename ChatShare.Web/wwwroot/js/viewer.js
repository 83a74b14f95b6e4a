// @ts-check
// Looks at files without downloading them: a dialog over the whole window that goes through all those around that can be shown.

import { element, icon, iconButton, keepDrops } from "./dom.js";
import { downloadAddress, factsOf } from "./file-facts.js";
import { sizeOf, grouped } from "./text.js";
import { followSwipes } from "./viewer-swipe.js";
import { showImage } from "./viewer-image.js";
import { showMedia, showPdf } from "./viewer-media.js";
import { showTable, showText } from "./viewer-text.js";

/**
 * @typedef {import("./file-facts.js").FileFacts} FileFacts
 * @typedef {object} Place where a kind of file shows itself
 * @property {FileFacts} file
 * @property {HTMLElement} stage
 * @property {HTMLElement} tools for its own buttons
 * @property {(sentence: string) => void} fail says why nothing is shown
 * @property {AbortSignal} signal the next file is shown, or none
 * @typedef {object} Shown
 * @property {(event: KeyboardEvent) => boolean} [onKey] whether the key meant the file, not the viewer
 */

/** @type {Record<string, (place: Place) => Shown | void>} by data-view; the server says which */
const kinds = { image: showImage, audio: showMedia, video: showMedia, pdf: showPdf, text: showText, table: showTable };

/** @type {HTMLDialogElement | null} */
let open = null;
// The entry of a viewer that was closed is on its way out of the history.
let returning = false;
/** @type {HTMLElement | null} opens the next one as soon as that is over */
let waiting = null;

// Loaded again while a viewer was open: its entry is a page like any other now.
if (history.state?.looking) {
  history.replaceState({ ...history.state, looking: false }, "");
}

// Before the router hears of it: the address did not change, and there is nothing for it to do.
window.addEventListener(
  "popstate",
  (event) => {
    if (open || returning) {
      event.stopImmediatePropagation();
      returning = false;
      open?.close();
      if (waiting) {
        look(waiting);
      }
    }
  },
  { capture: true },
);

/**
 * @param {HTMLElement} opener stands in the element of the file, and takes the focus back
 */
export function look(opener) {
  if (open) {
    return;
  }
  waiting = returning ? opener : null;
  if (waiting) {
    return;
  }
  const first = opener.closest("[data-view]");
  if (!(first instanceof HTMLElement)) {
    return;
  }
  const scope = opener.closest("[role='log'], table") ?? document.body;
  let file = factsOf(first);
  /** @type {FileFacts[]} */
  let files = [];
  let shown = new AbortController();
  /** @type {Shown | void} */
  let onStage;

  const title = element("h2");
  title.id = "viewer-title";
  title.dir = "auto";
  const facts = element("p", "viewer-facts");
  const about = element("div", "viewer-about");
  about.setAttribute("role", "status");
  about.append(title, facts);
  const tools = element("div", "viewer-tools");
  const previous = iconButton("previous", "Previous file", "Previous file", () => step(-1));
  const next = iconButton("next", "Next file", "Next file", () => step(1));
  const download = /** @type {HTMLAnchorElement} */ (element("a", "icon-button"));
  download.download = "";
  download.append(icon("download"));
  const bar = element("div", "viewer-bar");
  bar.append(tools, previous, next, download);
  const stage = element("div", "viewer-stage");
  const dialog = document.createElement("dialog");
  dialog.className = "viewer";
  dialog.tabIndex = -1;
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.append(about, bar, iconButton("close", "Close", "Close", () => dialog.close()), stage);

  /** What came or went in the meantime counts; when this file is gone, those around it stay as they were. */
  function collect() {
    const around = [...scope.querySelectorAll("[data-view]")].filter((found) => found instanceof HTMLElement).map(factsOf);
    if (files.length === 0 || around.some((other) => other.id === file.id)) {
      files = around;
    }
    return files.findIndex((other) => other.id === file.id);
  }

  /** @param {1 | -1} by */
  function step(by) {
    const other = files[collect() + by];
    if (other) {
      file = other;
      show();
    }
  }

  function show() {
    const at = collect();
    shown.abort();
    shown = new AbortController();
    dialog.dataset.view = file.view;
    title.textContent = title.title = file.name;
    const size = element("span", "", sizeOf(file.size));
    size.title = `${grouped(file.size)} bytes`;
    facts.replaceChildren(size, " · ", element("bdi", "", file.sender), ` · ${at + 1} of ${files.length}`);
    download.hidden = false;
    download.href = downloadAddress(file);
    download.setAttribute("aria-label", `Download ${file.name}`);
    download.title = "Download";
    // Disabled for real they would lose the focus, and with it the arrow keys.
    previous.setAttribute("aria-disabled", String(at <= 0));
    next.setAttribute("aria-disabled", String(at >= files.length - 1));
    stage.replaceChildren();
    tools.replaceChildren();
    onStage = kinds[file.view]?.({ file, stage, tools, fail, signal: shown.signal });
    keepFocus();
    void lookForRow();
  }

  /** What had the focus may have gone with the last file, and the keys with it. */
  function keepFocus() {
    if (!dialog.contains(document.activeElement)) {
      dialog.focus();
    }
  }

  /** @param {string} sentence */
  function fail(sentence) {
    // It is known to be gone: that it cannot be shown, and could be downloaded, is no news.
    if (download.hidden) {
      return;
    }
    // What stood there has no keys any more.
    onStage = undefined;
    tools.replaceChildren();
    const link = /** @type {HTMLAnchorElement} */ (element("a", "button", "Download"));
    link.download = "";
    link.href = downloadAddress(file);
    const note = element("div", "viewer-note");
    note.setAttribute("role", "status");
    note.append(element("p", "", sentence), link);
    stage.replaceChildren(note);
    keepFocus();
  }

  /** @param {KeyboardEvent} event */
  function press(event) {
    const inMedia = event.target instanceof HTMLMediaElement;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || inMedia) {
      return;
    }
    if (onStage?.onKey?.(event)) {
      event.preventDefault();
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      step(event.key === "ArrowLeft" ? -1 : 1);
    }
  }

  /** Whether each file whose row is away has gone with it, and not only with the part of the log that is shown. @type {Map<string, Promise<boolean>>} */
  const gone = new Map();
  async function lookForRow() {
    const { id } = file;
    if (scope.querySelector(`[data-view][data-file="${id}"]`)) {
      return;
    }
    const answer = gone.get(id) ?? fetch(downloadAddress(file), { method: "HEAD" }).then(({ status }) => status === 404, () => false);
    gone.set(id, answer);
    if ((await answer) && file.id === id && !download.hidden) {
      fail("This file was deleted.");
      stage.querySelector("a")?.remove();
      download.hidden = true;
    }
  }
  const rows = new MutationObserver(() => void lookForRow());
  rows.observe(scope, { childList: true, subtree: true });
  dialog.addEventListener("keydown", press);
  keepDrops(dialog);
  followSwipes(stage, step);
  // An administrator ended the session: the page under it says so.
  const ending = new MutationObserver(() => document.querySelector("[data-ended]") && dialog.close());
  ending.observe(document.body, { childList: true, subtree: true });
  dialog.addEventListener("close", () => {
    ending.disconnect();
    rows.disconnect();
    shown.abort();
    dialog.remove();
    open = null;
    // Closed by the Back button it is gone already.
    if (history.state?.looking) {
      returning = true;
      history.back();
    }
    // Its row may have been drawn anew.
    const there = opener.isConnected ? opener : scope.querySelector(`[data-file="${first.dataset.file}"] [data-file-action="look"]`);
    (there instanceof HTMLElement ? there : scope).focus({ preventScroll: true });
  });

  open = dialog;
  history.pushState({ ...history.state, looking: true }, "");
  document.body.append(dialog);
  dialog.showModal();
  // Not on the first button, which would light up.
  dialog.focus();
  show();
}
