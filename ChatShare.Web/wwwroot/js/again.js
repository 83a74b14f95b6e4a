// @ts-check
// Goes on with an upload whose page is gone: its file is chosen again, or read by the handle that was kept, and checked.

import * as handles from "./handles.js";
import { remember } from "./memory.js";
import { faultOf, hasName } from "./same-file.js";
import * as uploads from "./uploads.js";

/** @typedef {{ id: string, name: string, room: string }} Begun */

const mostFaults = 3;

/** @param {boolean} several @returns {Promise<File[]>} */
function choose(several) {
  return new Promise((resolve) => {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = several;
    input.addEventListener("change", () => resolve([...(input.files ?? [])]));
    input.addEventListener("cancel", () => resolve([]));
    input.click();
  });
}

/** @param {File} file @param {Begun} begun @returns {Promise<string>} why it cannot go on with this one; empty when it does */
async function goOnWith(file, { id, name, room }) {
  const fault = await faultOf(file, id, new AbortController().signal);
  // Twice at once, from the card and from the panel: the first one sends.
  if (fault === "" && !uploads.held(id)) {
    remember(id, file);
    uploads.takeUp(file, id, name, room);
  }
  return fault;
}

/** Within a click. @param {Begun} begun @returns {Promise<string>} what is wrong, as a sentence; empty when nothing is */
export async function chooseAgain(begun) {
  const [file] = await choose(false);
  return file ? goOnWith(file, begun) : "";
}

/**
 * Within a click: each of the files goes to the upload that it fits.
 * @param {(Begun & { size: number })[]} all @returns {Promise<string>} what is wrong, as sentences; empty when nothing is
 */
export async function chooseSeveral(all) {
  const left = new Set(all);
  /** @type {string[]} */
  const faults = [];
  let strangers = 0;
  for (const file of await choose(true)) {
    let fault = "";
    // Folders may have several of one name and size.
    const fitting = [...left].filter((begun) => begun.size === file.size && hasName(file, begun));
    for (const begun of fitting) {
      fault = await goOnWith(file, begun);
      if (fault === "") {
        left.delete(begun);
        break;
      }
    }
    if (fitting.length === 0) {
      strangers++;
    } else if (fault !== "") {
      faults.push(fault);
    }
  }
  if (strangers > 0) {
    faults.unshift(strangers === 1 ? "1 file is none of these." : `${strangers} files are none of these.`);
  }
  return faults.slice(0, mostFaults).join(" ");
}

/** Within a click; only for what handles.has(). @param {Begun} begun @returns {Promise<string>} as above */
export async function resumeByHandle(begun) {
  const file = await handles.fileOf(begun.id);
  const fault = file
    ? await goOnWith(file, begun)
    : `“${begun.name}” was moved, or this browser may not read it any more. Choose it again.`;
  if (fault !== "") {
    // The next try is by hand.
    handles.forget(begun.id);
  }
  return fault;
}
