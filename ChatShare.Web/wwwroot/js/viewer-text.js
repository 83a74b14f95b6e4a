// @ts-check
// Text, code and tables: the first part of the file is fetched and shown as text, whatever it says.

import { element, switchButton } from "./dom.js";
import { lookAddress } from "./file-facts.js";
import { read, write } from "./storage.js";
import { grouped, sizeOf } from "./text.js";
import { decode } from "./viewer-decode.js";
import { drawTable } from "./viewer-table.js";

const headLength = 512_000;
const mostLines = 20_000;
const blockLength = 100;
// No window shows such a line in one piece.
const veryLong = 1000;
const wrapKey = "chatshare.wrap";

/** @typedef {import("./viewer.js").Place} Place */

const keyStep = 40;
// Of a page: what was at its end is still there at the start of the next.
const pagePart = 0.9;

/** @param {Place} place */
export const showText = (place) => show(place, false);

/** @param {Place} place */
export const showTable = (place) => show(place, true);

/** @param {Place} place @param {boolean} isTable @returns {import("./viewer.js").Shown} */
function show(place, isTable) {
  void open(place, isTable);
  return { onKey: (event) => scroll(place.stage.querySelector(".viewer-text"), event) };
}

/**
 * What the keys of a page do, whatever in the viewer has the focus. Sideways only where there is more; at the edge the next press, not one
 * that is held down, goes on to another file.
 * @param {Element | null} frame @param {KeyboardEvent} event
 * @returns {boolean} whether the key was meant for the text
 */
function scroll(frame, { key, shiftKey, repeat, target }) {
  if (!frame || (key === " " && target instanceof Element && target.closest("button, a"))) {
    return false;
  }
  const page = frame.clientHeight * pagePart;
  /** @type {Record<string, [number, number]>} */
  const ways = {
    ArrowUp: [0, -keyStep],
    ArrowDown: [0, keyStep],
    PageUp: [0, -page],
    PageDown: [0, page],
    " ": [0, shiftKey ? -page : page],
    Home: [0, -frame.scrollHeight],
    End: [0, frame.scrollHeight],
    ArrowLeft: [-keyStep, 0],
    ArrowRight: [keyStep, 0],
  };
  const [across, down] = ways[key] ?? [0, 0];
  const before = frame.scrollLeft;
  frame.scrollBy(across, down);
  return down !== 0 || frame.scrollLeft !== before || (across !== 0 && repeat && frame.scrollWidth > frame.clientWidth);
}

/** @param {Place} place @param {boolean} isTable */
async function open(place, isTable) {
  const { file, fail, signal } = place;
  /** @type {Uint8Array} */
  let bytes;
  try {
    bytes = file.size === 0 ? new Uint8Array() : await fetchHead(file, signal);
  } catch (error) {
    if (!signal.aborted) {
      fail(error instanceof TypeError ? "The server does not answer." : "This file is not here any more.");
    }
    return;
  }
  const isCut = bytes.length < file.size;
  const text = decode(bytes, isCut);
  if (text === null) {
    fail("This does not look like text.");
  } else if (text === "") {
    fail("This file is empty.");
  } else {
    draw(place, text, isCut ? `The first ${sizeOf(bytes.length)} of ${sizeOf(file.size)}` : "", isTable);
  }
}

/** @param {import("./file-facts.js").FileFacts} file @param {AbortSignal} signal @returns {Promise<Uint8Array>} */
async function fetchHead(file, signal) {
  const answer = await fetch(lookAddress(file), { headers: { Range: `bytes=0-${headLength - 1}` }, signal });
  if (!answer.ok) {
    throw new Error(`The server said ${answer.status}.`);
  }
  return new Uint8Array(await answer.arrayBuffer());
}

/** @param {Place} place @param {string} text @param {string} cut what is left out; empty for nothing @param {boolean} isTable */
function draw({ file, stage, tools }, text, cut, isTable) {
  const frame = element("div", "viewer-text");
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", `Content of ${file.name}`);
  const note = element("p", "viewer-cut");
  note.setAttribute("role", "status");
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") {
    lines.pop();
  }
  const remembered = read(wrapKey);
  const wraps = remembered ? remembered === "on" : matchMedia("(max-width: 599.98px)").matches || lines.some((line) => line.length > veryLong);
  frame.dataset.wrap = String(wraps);
  const wrap = switchButton("Wrap lines", wraps, (on) => {
    frame.dataset.wrap = String(on);
    write(wrapKey, on ? "on" : "off");
  });

  /** @param {boolean} asTable */
  function render(asTable) {
    const left = asTable ? drawTable(frame, text, file.name, cut !== "") : drawLines(frame, lines);
    const said = [cut, left].filter((sentence) => sentence !== "");
    note.textContent = said.join(" · ");
    note.hidden = said.length === 0;
    frame.classList.toggle("as-table", asTable);
    wrap.hidden = asTable;
    frame.scrollTo(0, 0);
  }

  if (isTable) {
    tools.append(switchButton("As text", false, (on) => render(!on)));
  }
  tools.append(wrap);
  stage.append(note, frame);
  render(isTable);
}

/**
 * In blocks, so that only those in sight are laid out.
 * @param {HTMLElement} frame
 * @param {string[]} lines
 * @returns {string} what is left out; empty for nothing
 */
function drawLines(frame, lines) {
  const shown = Math.min(lines.length, mostLines);
  const blocks = [];
  for (let from = 0; from < shown; from += blockLength) {
    const block = element("div", "lines");
    for (let at = from; at < Math.min(from + blockLength, shown); at++) {
      const line = element("div", "", lines[at]);
      line.dataset.line = String(at + 1);
      block.append(line);
    }
    block.style.containIntrinsicBlockSize = `auto ${block.childElementCount * 20}px`;
    blocks.push(block);
  }
  frame.style.setProperty("--digits", String(String(shown).length));
  frame.replaceChildren(...blocks);
  return shown < lines.length ? `The first ${grouped(shown)} lines` : "";
}
