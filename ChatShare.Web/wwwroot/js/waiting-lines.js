// @ts-check
// The lines of the transfers panel for uploads that wait for their file.

import { chooseAgain, chooseSeveral, resumeByHandle } from "./again.js";
import { bar, element, showActions } from "./dom.js";
import * as handles from "./handles.js";
import { sizeOf } from "./text.js";
import * as waiting from "./waiting.js";

/** @typedef {import("./waiting.js").Waiting} Waiting */

const askedFor = 4000;

/** Such as "5.2 of 8.1 GB". @param {number} part @param {number} all */
function partOf(part, all) {
  const [value, unit] = sizeOf(part).split(" ");
  const whole = sizeOf(all);
  return whole.endsWith(` ${unit}`) ? `${value} of ${whole}` : `${value} ${unit} of ${whole}`;
}

/** What the panel says while it is closed. @param {Waiting[]} waits */
export function summaryOf(waits) {
  const received = waits.reduce((sum, { received }) => sum + received, 0);
  const size = waits.reduce((sum, { size }) => sum + size, 0);
  const here = `${partOf(received, size)} are here`;
  return waits.length === 1
    ? { title: "1 upload waiting", text: `${waits[0].name}, ${here}`, fraction: size === 0 ? 1 : received / size }
    : { title: `${waits.length} uploads waiting`, text: here, fraction: size === 0 ? 1 : received / size };
}

/** @param {Waiting} wait */
function createLine({ id, name, room }) {
  const root = element("li", "transfer-line");
  root.dataset.state = "waiting";
  const title = element("span", "transfer-name");
  title.textContent = name;
  title.title = `${name} in ${room}`;
  title.dir = "auto";
  const meta = element("span", "transfer-meta");
  const fault = element("span", "transfer-fault");
  fault.setAttribute("role", "alert");
  const actions = element("span", "transfer-actions");
  root.append(title, meta, actions, fault, bar());

  /** @param {typeof chooseAgain} by */
  async function goOn(by) {
    fault.textContent = "";
    fault.textContent = await by({ id, name, room });
    offer();
  }

  function offer() {
    showActions(actions, [
      handles.has(id)
        ? ["Resume", "resume", `Resume transfer of ${name}`, () => void goOn(resumeByHandle)]
        : ["Choose again", "attach", `Choose again for transfer of ${name}`, () => void goOn(chooseAgain)],
      ["Discard what is here", "trash", `Discard transfer of ${name}`, () => void waiting.discard(id)],
    ]);
  }

  return {
    root,
    /** @param {Waiting} wait */
    show({ received, size }) {
      const text = `${partOf(received, size)} are here`;
      if (meta.textContent !== text) {
        meta.textContent = text;
      }
      root.style.setProperty("--p", String(size === 0 ? 1 : received / size));
      offer();
    },
  };
}

/** What can be done with all of them at once. */
function createTools() {
  const root = element("div", "waiting-tools");
  const choose = element("button", "button small", "Choose files");
  const discard = element("button", "button small");
  const fault = element("span", "transfer-fault");
  fault.setAttribute("role", "alert");
  for (const button of [choose, discard]) {
    button.setAttribute("type", "button");
  }
  root.append(choose, discard, fault);
  /** @type {Waiting[]} */
  let all = [];
  let asked = 0;

  /** @param {number} until */
  function ask(until) {
    asked = until;
    discard.textContent = asked > 0 ? `Discard all ${all.length}?` : "Discard all";
  }

  choose.addEventListener("click", async () => {
    fault.textContent = "";
    fault.textContent = await chooseSeveral(all.filter(({ id }) => !handles.has(id)));
  });
  // The second click, which has to be meant: nothing brings them back.
  discard.addEventListener("click", async () => {
    if (asked === 0) {
      ask(window.setTimeout(() => ask(0), askedFor));
      return;
    }
    clearTimeout(asked);
    ask(0);
    for (const { id } of [...all]) {
      await waiting.discard(id);
    }
  });

  return {
    root,
    /** @param {Waiting[]} waits */
    show(waits) {
      all = waits;
      root.hidden = waits.length < 2;
      choose.hidden = waits.every(({ id }) => handles.has(id));
      if (asked === 0) {
        ask(0);
      }
    },
  };
}

export function createWaitingLines() {
  const root = element("div", "waiting");
  const hint = element("p", "waiting-hint");
  const tools = createTools();
  const list = element("ul", "transfers-list");
  list.setAttribute("role", "list");
  root.append(hint, tools.root, list);
  root.hidden = true;
  /** @type {Map<string, ReturnType<typeof createLine>>} */
  const lines = new Map();

  return {
    root,
    /** @param {Waiting[]} waits */
    show(waits) {
      root.hidden = waits.length === 0;
      tools.show(waits);
      const first = waits.every(({ id }) => handles.has(id)) ? "Go on" : waits.length > 1 ? "Choose the files to go on" : "Choose the file to go on";
      hint.textContent = `${first}, or discard what is here.`;
      const wanted = new Set(waits.map(({ id }) => id));
      for (const [id, line] of lines) {
        if (!wanted.has(id)) {
          line.root.remove();
          lines.delete(id);
        }
      }
      waits.forEach((wait, index) => {
        const line = lines.get(wait.id) ?? createLine(wait);
        lines.set(wait.id, line);
        line.show(wait);
        if (list.children[index] !== line.root) {
          list.insertBefore(line.root, list.children[index] ?? null);
        }
      });
    },
  };
}
