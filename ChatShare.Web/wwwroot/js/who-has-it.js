// @ts-check
// "Downloaded by 7 of 12" on the cards of one's own files. The rows are shared by everybody who looks at the room, so the figure is not in
// them: it is asked for here and put into the cards that one sent oneself.

import { isConnectionLost } from "./server.js";

const mostFiles = 200;
const settleTime = 300;

/** @typedef {{ count: number, of: number }} Taken */

/** @type {Map<string, Taken>} */
const known = new Map();

/** @param {string} file its id @returns {string} empty for files of others and while nobody has it */
function takenText(file) {
  const taken = known.get(file);
  return taken && taken.count > 0 ? `downloaded by ${taken.count} of ${taken.of}` : "";
}

/** @type {((file: string) => Promise<string[]>) | null} */
let askNames = null;

/** @param {string} file @returns {Promise<string[]>} who has it; empty for files of others */
async function namesOf(file) {
  return askNames && !isConnectionLost() ? askNames(file) : [];
}

/** @param {Element} card @param {string} file */
function place(card, file) {
  const text = takenText(file);
  let button = card.querySelector(".taken");
  if (text === "") {
    return;
  }
  if (!(button instanceof HTMLButtonElement)) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "taken";
    made.dataset.taken = file;
    made.setAttribute("aria-expanded", "false");
    // Before the buttons that the pointer brings up: their empty place would stand in the middle of the line.
    const trust = card.querySelector(".file-meta > .trust");
    if (trust) {
      trust.before(made);
    } else {
      card.querySelector(".file-meta")?.append(made);
    }
    button = made;
  }
  if (button.textContent !== text) {
    button.textContent = text;
    button.removeAttribute("title");
    card.querySelector(".taken-names")?.remove();
    button.setAttribute("aria-expanded", "false");
  }
}

/** @param {string[]} names */
const sentence = (names) => (names.length === 0 ? "" : `Downloaded by ${names.join(", ")}`);

/** On the pointer's way over it. @param {HTMLElement} button */
async function name(button) {
  if (!button.title) {
    button.title = sentence(await namesOf(button.dataset.taken ?? ""));
  }
}

/** With a finger or a key. @param {HTMLElement} button */
async function toggle(button) {
  const card = button.closest(".card");
  const open = card?.querySelector(".taken-names");
  if (open) {
    open.remove();
  } else {
    const names = document.createElement("span");
    names.className = "taken-names";
    names.setAttribute("role", "status");
    card?.append(names);
    names.textContent = sentence(await namesOf(button.dataset.taken ?? ""));
  }
  button.setAttribute("aria-expanded", String(!open));
}

/** @type {AbortController | null} */
let current = null;

/**
 * @param {import("./server.js").DotNetRef} dotnet
 * @param {string} person whose page it is
 */
export function start(dotnet, person) {
  // The server calls again when it does not know whether it was heard.
  current?.abort();
  const stop = new AbortController();
  current = stop;
  /** Asked since the last change. @type {Set<string>} */
  let asked = new Set();
  let settling = 0;
  askNames = (file) => dotnet.invokeMethodAsync("NamesAsync", file).catch(() => []);

  const cards = () => [...document.querySelectorAll(`.row:has(> .message[data-person="${person}"]) .card[data-state="ready"][data-file]`)];

  async function look() {
    settling = 0;
    const shown = cards();
    const files = [...new Set(shown.map((card) => card.getAttribute("data-file") ?? ""))];
    const fresh = files.filter((file) => !asked.has(file)).slice(-mostFiles);
    if (fresh.length > 0 && !isConnectionLost()) {
      const round = asked;
      fresh.forEach((file) => round.add(file));
      /** @type {{ file: string, count: number, of: number }[]} */
      const counts = await dotnet.invokeMethodAsync("CountAsync", fresh).catch(() => {
        // The connection broke under it; the next look asks again.
        fresh.forEach((file) => round.delete(file));
        return [];
      });
      for (const taken of counts) {
        known.set(taken.file, taken);
      }
    }
    for (const card of cards()) {
      place(card, card.getAttribute("data-file") ?? "");
    }
  }

  function lookSoon() {
    settling ||= window.setTimeout(() => void look(), settleTime);
  }

  /** @param {EventTarget | null} target @returns {HTMLElement | null} */
  const buttonOf = (target) => (target instanceof Element ? target.closest("button.taken") : null);
  const { signal } = stop;
  for (const type of ["pointerover", "focusin"]) {
    document.addEventListener(type, (event) => {
      const button = buttonOf(event.target);
      if (button) {
        void name(button);
      }
    }, { signal });
  }
  document.addEventListener("click", (event) => {
    const button = buttonOf(event.target);
    if (button) {
      void toggle(button);
    }
  }, { signal });
  document.addEventListener("chatshare:reconnected", lookSoon, { signal });
  const rows = new MutationObserver(lookSoon);
  rows.observe(document.querySelector(".shell") ?? document.body, { childList: true, subtree: true });
  signal.addEventListener("abort", () => rows.disconnect());
  lookSoon();

  return {
    /** Somebody has taken a file. */
    changed: () => {
      asked = new Set();
      lookSoon();
    },
    dispose: () => {
      clearTimeout(settling);
      stop.abort();
      // The page that is shown next may have begun before this one ended.
      if (current === stop) {
        askNames = null;
        known.clear();
      }
    },
  };
}
