// @ts-check
// Files that were picked stand above the text as chips until they are sent. They go by themselves after a moment, and later while somebody
// writes; once somebody takes an interest in them they wait for Send.

import { element, icon } from "./dom.js";
import { nameOf, overLimit, sizeOf } from "./text.js";

/** @typedef {import("./drop.js").Picked} Picked */
/** @typedef {{ name: string, files: Picked[], isFolder: boolean, preview: string, line: HTMLElement | null }} Chip preview: an address, empty for none */

const grace = 1500;
// After the last key: whoever writes a line to them sends both together.
const graceOfWriting = 4000;
// What takes a while can be called off on its card; what is gone in a blink gets a moment first.
const goesAtOnce = 64 * 1024 * 1024;
const previewLasts = 5000;
const mostAlone = 20;
const mostFaults = 3;
// What a browser shows without running anything that is in it.
const pictures = /^image\/(png|jpeg|gif|webp|avif|bmp)$/;

/** What waits in rooms that are not open. @type {Map<string, Picked[]>} */
const elsewhere = new Map();
// Nobody but who picked them can say whether they may go.
const keep = (/** @type {Event} */ event) => elsewhere.size > 0 && event.preventDefault();
window.addEventListener("beforeunload", keep);
document.addEventListener("chatshare:reload", keep);

/** @param {number} count */
const filesOf = (count) => (count === 1 ? "1 file" : `${count} files`);

/** @param {Picked[]} files */
const sizeOfAll = (files) => files.reduce((sum, { file }) => sum + file.size, 0);

/** @param {Picked[]} picked @returns {Chip[]} one for each file and for each folder that was picked whole */
function chipsOf(picked) {
  /** @type {Map<string, Picked[]>} */
  const folders = new Map();
  /** @type {Chip[]} */
  const chips = [];
  /** @param {string} name @param {Picked[]} files @param {boolean} isFolder */
  const add = (name, files, isFolder) => {
    const { file } = files[0];
    const preview = !isFolder && files.length === 1 && pictures.test(file.type) ? URL.createObjectURL(file) : "";
    chips.push({ name, files, isFolder, preview, line: null });
  };
  const alone = picked.filter(({ path }) => path === "");
  for (const one of picked.filter(({ path }) => path !== "")) {
    const top = one.path.split("/")[0];
    const known = folders.get(top);
    if (known) {
      known.push(one);
    } else {
      const files = [one];
      folders.set(top, files);
      add(top, files, true);
    }
  }
  const shown = alone.length > mostAlone ? alone.slice(0, mostAlone - 1) : alone;
  shown.forEach((one) => add(nameOf(one.file), [one], false));
  if (shown.length < alone.length) {
    const rest = alone.slice(shown.length);
    add(`${rest.length} more files`, rest, false);
  }
  return chips;
}

/**
 * @param {{
 *   composer: HTMLElement,
 *   room: string,
 *   fileBytes: number,
 *   say: (sentence: string) => void,
 *   share: (picked: Picked[]) => void,
 *   signal: AbortSignal,
 * }} options fileBytes: largest file, 0 for no limit
 */
export function createChips({ composer, room, fileBytes, say, share, signal }) {
  const root = /** @type {HTMLElement} */ (composer.querySelector(".chips"));
  const field = /** @type {HTMLTextAreaElement} */ (composer.querySelector(".composer-text"));
  const list = element("ul", "chips-list");
  list.setAttribute("role", "list");
  list.setAttribute("aria-label", "Files to send");
  const status = element("span", "chips-status");
  status.setAttribute("role", "status");
  const holdButton = element("button", "button small", "Hold");
  holdButton.setAttribute("type", "button");
  holdButton.title = "Wait for Send";
  const line = element("div", "chips-line");
  line.append(status, holdButton);
  root.replaceChildren(list, line);

  /** @type {Chip[]} */
  let chips = [];
  let isHeld = false;
  let timer = 0;

  const files = () => chips.flatMap((chip) => chip.files);

  function show() {
    root.hidden = chips.length === 0;
    root.toggleAttribute("data-counting", chips.length > 0 && !isHeld);
    const all = files();
    const what = `${filesOf(all.length)} · ${sizeOf(sizeOfAll(all))}`;
    status.textContent = chips.length === 0 ? "" : isHeld ? `${what} · Send shares ${all.length === 1 ? "it" : "them"}` : `Sending ${what}`;
    holdButton.hidden = isHeld;
  }

  /** The line that runs out begins anew. @param {number} milliseconds */
  function count(milliseconds) {
    clearTimeout(timer);
    timer = window.setTimeout(release, milliseconds);
    root.style.setProperty("--grace", `${milliseconds}ms`);
    root.removeAttribute("data-counting");
    void root.offsetWidth;
    show();
  }

  function hold() {
    clearTimeout(timer);
    if (chips.length > 0 && !isHeld) {
      const hadFocus = document.activeElement === holdButton;
      isHeld = true;
      show();
      if (hadFocus) {
        field.focus({ preventScroll: true });
      }
    }
  }

  /** @param {Chip} chip */
  function drop(chip) {
    chip.line?.remove();
    if (chip.preview) {
      // Not under the picture, which may be about to be read.
      setTimeout(() => URL.revokeObjectURL(chip.preview), previewLasts);
    }
    chips = chips.filter((other) => other !== chip);
    isHeld &&= chips.length > 0;
    show();
  }

  /** @param {Chip} chip */
  function remove(chip) {
    hold();
    const index = chips.indexOf(chip);
    drop(chip);
    if (chips.length === 0) {
      // Whoever waits for them need not wait any more.
      document.dispatchEvent(new Event("chatshare:uploads-idle"));
    }
    const next = chips[Math.min(index, chips.length - 1)]?.line?.querySelector("button") ?? field;
    next.focus({ preventScroll: true });
  }

  /** @param {Chip} chip */
  function draw(chip) {
    const made = element("li", "chip");
    if (chip.preview) {
      const picture = document.createElement("img");
      picture.src = chip.preview;
      picture.alt = "";
      // Everybody's card keeps its place while it comes, unless the server makes no small picture of its kind.
      const [one] = chip.files;
      picture.addEventListener("load", () => one.file.type !== "image/avif" && Object.assign(one, { width: picture.naturalWidth, height: picture.naturalHeight }));
      // What calls itself a picture need not be one.
      picture.addEventListener("error", () => picture.replaceWith(icon("image")));
      made.append(picture);
    } else {
      made.append(icon(chip.isFolder ? "folder" : "file"));
    }
    const name = element("span", "chip-name", chip.name);
    name.dir = "auto";
    name.title = chip.name;
    const size = sizeOf(sizeOfAll(chip.files));
    made.append(name, element("span", "chip-size", chip.isFolder ? `${filesOf(chip.files.length)} · ${size}` : size));
    const button = element("button", "icon-button");
    button.setAttribute("type", "button");
    button.setAttribute("aria-label", `Remove ${chip.name}`);
    button.title = "Remove";
    button.append(icon("close"));
    button.addEventListener("click", () => remove(chip));
    made.append(button);
    chip.line = made;
    list.append(made);
  }

  /** @param {Picked[]} picked */
  function add(picked) {
    if (picked.length === 0) {
      say("There is nothing in it that can be shared.");
      return;
    }
    // What was said of others.
    say("");
    const tooLarge = fileBytes > 0 ? picked.filter(({ file }) => file.size > fileBytes) : [];
    if (tooLarge.length > 0) {
      say(
        tooLarge
          .slice(0, mostFaults)
          .map(({ file }) => `“${nameOf(file)}” ${overLimit(file.size, fileBytes)}`)
          .concat(tooLarge.length > mostFaults ? [`So are ${tooLarge.length - mostFaults} more.`] : [])
          .join(" "),
      );
    }
    const added = chipsOf(picked.filter((one) => !tooLarge.includes(one)));
    if (added.length === 0) {
      return;
    }
    added.forEach(draw);
    chips.push(...added);
    if (isHeld) {
      show();
    } else if (sizeOfAll(files()) >= goesAtOnce) {
      release();
    } else {
      count(grace);
    }
  }

  /** Sends what is there. @returns {boolean} whether there was anything */
  function release() {
    clearTimeout(timer);
    const all = files();
    const hadFocus = root.contains(document.activeElement);
    [...chips].forEach(drop);
    if (hadFocus) {
      field.focus({ preventScroll: true });
    }
    if (all.length > 0) {
      share(all);
    }
    return all.length > 0;
  }

  holdButton.addEventListener("click", hold);
  list.addEventListener("focusin", hold);
  // A pointer that rests where the chips appear shows no interest.
  list.addEventListener("pointermove", (event) => (event.movementX !== 0 || event.movementY !== 0) && hold());
  field.addEventListener("input", () => chips.length > 0 && !isHeld && count(graceOfWriting), { signal });
  // The page wants to load itself anew, and files cannot be taken along: those whose moment has not run out go now, the page waits for the
  // others. Heard before uploads.js asks what is under way.
  document.addEventListener("chatshare:reload", (event) => (isHeld && chips.length > 0 ? event.preventDefault() : release()), { capture: true, signal });
  window.addEventListener("beforeunload", (event) => chips.length > 0 && event.preventDefault(), { signal });
  signal.addEventListener("abort", () => {
    const waiting = isHeld ? files() : [];
    if (waiting.length > 0) {
      elsewhere.set(room, waiting);
      [...chips].forEach(drop);
    } else {
      release();
    }
    root.replaceChildren();
  });

  const before = elsewhere.get(room);
  elsewhere.delete(room);
  show();
  if (before) {
    isHeld = true;
    add(before);
  }
  return { add, release };
}
