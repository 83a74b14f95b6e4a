// @ts-check
// Goes on with an upload whose page is gone: its file is chosen again, or read by the handle that was kept, and checked.

import * as handles from "./handles.js";
import { remember } from "./memory.js";
import { faultOf } from "./same-file.js";
import * as uploads from "./uploads.js";

/** @typedef {{ id: string, name: string, room: string }} Begun */

/** @returns {Promise<File | null>} */
function chooseFile() {
  return new Promise((resolve) => {
    const input = document.createElement("input");
    input.type = "file";
    input.addEventListener("change", () => resolve(input.files?.[0] ?? null));
    input.addEventListener("cancel", () => resolve(null));
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
  const file = await chooseFile();
  return file ? goOnWith(file, begun) : "";
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
