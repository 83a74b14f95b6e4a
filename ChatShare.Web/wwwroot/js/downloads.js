// @ts-check
// The lines of the transfers panel for what this person downloads, on any of their pages. The bytes go to the browser's own download; the
// server says how many it has written, and holds or ends them when it is asked to.

import { bar, element, showActions } from "./dom.js";
import { isConnectionLost } from "./server.js";
import { sizeOf, timeLeftOf } from "./text.js";

/**
 * @typedef {object} Line as DownloadFeed tells it
 * @property {string} id
 * @property {string} file
 * @property {string} name
 * @property {string} address
 * @property {number} size
 * @property {number} sent
 * @property {number} speed bytes a second
 * @property {"running" | "paused" | "done" | "broken" | "cancelled"} state
 */

const lingers = 4000;

/** Told by the server, in its order. @type {Line[]} */
let told = [];
/** Those that broke off, until they are begun again or put away; the server forgets them soon. @type {Map<string, Line>} */
const broken = new Map();
/** Those whose file is gone. @type {Set<string>} */
const lost = new Set();
/** Put away by the person, or shown long enough. @type {Set<string>} */
const hidden = new Set();
/** @type {import("./server.js").DotNetRef | null} */
let server = null;
let changed = () => {};

/** @type {Map<string, HTMLElement>} */
const shown = new Map();
const part = element("div", "downloads");
part.hidden = true;
const title = element("p", "transfers-title");
const meta = element("p", "downloads-meta");
const total = bar();
const list = element("ul", "transfers-list");
list.setAttribute("role", "list");
list.setAttribute("aria-label", "Downloads");
part.append(title, meta, total, list);

/** @param {Line} line */
function describe(line) {
  const share = `${line.size === 0 ? 100 : Math.floor((line.sent * 100) / line.size)} %`;
  switch (line.state) {
    case "running":
      return line.speed >= 1
        ? `${share} · ${sizeOf(line.speed)}/s · ${timeLeftOf((line.size - line.sent) / line.speed)} left`
        : `${share} of ${sizeOf(line.size)}`;
    case "paused":
      return `${share} of ${sizeOf(line.size)} · paused`;
    case "broken":
      return lost.has(line.id) ? "This file is not there any more" : `Stopped at ${share} of ${sizeOf(line.size)}`;
    case "cancelled":
      return "cancelled";
    default:
      return `${sizeOf(line.size)} · done`;
  }
}

/** @param {string} method @param {Line} line */
function ask(method, line) {
  if (server && !isConnectionLost()) {
    server.invokeMethodAsync(method, line.id).catch(() => undefined);
  }
}

/** @param {Line} line */
function putAway(line) {
  hidden.add(line.id);
  broken.delete(line.id);
  draw();
}

/** As a click on the file's own link. @param {Line} line */
async function retry(line) {
  const got = await fetch(line.address, { method: "HEAD", cache: "no-store" }).catch(() => null);
  if (got?.status === 404 || got?.status === 410) {
    lost.add(line.id);
    draw();
    return;
  }
  const link = document.createElement("a");
  link.href = line.address;
  link.download = "";
  link.click();
  putAway(line);
}

/** Word, icon, what it does. @type {Record<Line["state"], [string, string, (line: Line) => void][]>} */
const actions = {
  running: [["Pause", "pause", (line) => ask("PauseAsync", line)], ["Cancel", "close", (line) => ask("CancelAsync", line)]],
  paused: [["Resume", "resume", (line) => ask("ResumeAsync", line)], ["Cancel", "close", (line) => ask("CancelAsync", line)]],
  broken: [["Retry", "retry", (line) => void retry(line)], ["Dismiss", "close", putAway]],
  done: [],
  cancelled: [],
};

/** @param {Line} line */
function make(line) {
  const made = element("li", "transfer-line");
  const name = element("span", "transfer-name", line.name);
  name.title = line.name;
  name.dir = "auto";
  made.append(name, element("span", "transfer-meta"), element("span", "transfer-actions"), bar());
  return made;
}

/** @param {Line} line */
function drawn(line) {
  const own = shown.get(line.id) ?? make(line);
  shown.set(line.id, own);
  const text = describe(line);
  if (own.children[1].textContent !== text) {
    own.children[1].textContent = text;
  }
  own.style.setProperty("--p", String(line.size === 0 ? 1 : line.sent / line.size));
  const state = line.state === "broken" ? "failed" : line.state;
  own.dataset.state = state;
  showActions(
    /** @type {HTMLElement} */ (own.children[2]),
    actions[line.state].filter(([word]) => word !== "Retry" || (line.address !== "" && !lost.has(line.id))).map(([word, symbol, act]) => [word, symbol, `${word} download of ${line.name}`, () => act(line)]),
  );
  return own;
}

/** Of one its own line says it all. @param {Line[]} running */
function showTotal(running) {
  total.hidden = running.length < 2;
  const size = running.reduce((sum, line) => sum + line.size, 0);
  const sent = running.reduce((sum, line) => sum + line.sent, 0);
  const speed = running.reduce((sum, line) => sum + line.speed, 0);
  const share = `${size === 0 ? 100 : Math.floor((sent * 100) / size)} %`;
  meta.textContent = total.hidden ? "" : speed >= 1 ? `${share} · ${sizeOf(speed)}/s · ${timeLeftOf((size - sent) / speed)} left` : `${share} of ${sizeOf(size)}`;
  part.style.setProperty("--p", String(size === 0 ? 1 : sent / size));
}

function draw() {
  const lines = [...broken.values(), ...told.filter((line) => line.state !== "broken" && !hidden.has(line.id))];
  const wanted = new Set(lines.map((line) => line.id));
  for (const [id, gone] of shown) {
    if (!wanted.has(id)) {
      gone.remove();
      shown.delete(id);
    }
  }
  lines.forEach((line, index) => {
    const own = drawn(line);
    if (list.children[index] !== own) {
      list.insertBefore(own, list.children[index] ?? null);
    }
  });
  const running = lines.filter((line) => line.state === "running" || line.state === "paused");
  title.textContent = running.length === 0 ? "Downloads" : running.length === 1 ? "Downloading 1 file" : `Downloading ${running.length} files`;
  showTotal(running);
  const was = part.hidden;
  part.hidden = lines.length === 0;
  if (was !== part.hidden) {
    changed();
  }
}

/** @param {Line[]} lines */
function show(lines) {
  for (const line of lines) {
    if (line.state === "broken" && !hidden.has(line.id)) {
      broken.set(line.id, line);
    } else if (line.state === "running") {
      // Begun again, here or by the browser itself.
      for (const before of broken.values()) {
        if (before.file === line.file) {
          hidden.add(before.id);
          broken.delete(before.id);
        }
      }
    } else if ((line.state === "done" || line.state === "cancelled") && !told.some((before) => before.id === line.id && before.state === line.state)) {
      setTimeout(() => putAway(line), lingers);
    }
  }
  told = lines;
  draw();
}

/** Whether the panel has anything to show of these. */
export const any = () => !part.hidden;

/** Puts the lines into the panel. @param {HTMLElement} panel @param {() => void} onChange called when they appear or go */
export function place(panel, onChange) {
  panel.append(part);
  changed = onChange;
}

/** @param {import("./server.js").DotNetRef} dotnet */
export function start(dotnet) {
  server = dotnet;
  return {
    show,
    dispose: () => {
      // The page that is shown next may have begun before this one ended.
      if (server === dotnet) {
        server = null;
        show([]);
      }
    },
  };
}
