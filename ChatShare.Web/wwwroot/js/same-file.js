// @ts-check
// Whether a file that is chosen again is the one whose upload was begun: by name, size, date, and parts of what is here of it.

import { Sha256 } from "./sha256.js";
import { remembered } from "./memory.js";
import { nameOf, sizeOf } from "./text.js";
import * as tus from "./tus.js";

/** @typedef {{ name: string, size: number, modified: number | null, samples: { offset: number, length: number, sha256: string }[] }} Begun */

/** Names as they are before and after the server has cleaned them: by what no cleaning changes. @param {string} name */
const bare = (name) => name.normalize("NFC").replace(/[^\p{L}\p{N}]/gu, "");

/** Whether it is called as the one was that was begun. @param {File} file @param {{ id: string, name: string }} begun */
export const hasName = (file, { id, name }) => bare(file.name) === bare(nameOf(remembered(id) ?? { name }));

/** @param {File} file @param {Begun} begun */
async function hasSameContents(file, begun) {
  for (const { offset, length, sha256 } of begun.samples) {
    const bytes = new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
    if (new Sha256().update(bytes).digest() !== sha256) {
      return false;
    }
  }
  return true;
}

/**
 * @param {File} file @param {string} id of the upload @param {AbortSignal} signal
 * @returns {Promise<string>} why it cannot be that one, as a sentence; empty when it can
 */
export async function faultOf(file, id, signal) {
  const got = await tus.samples(id, signal);
  if (got.status !== 200) {
    return got.sentence || "The server does not answer now. Try again in a moment.";
  }
  /** @type {Begun} */
  const begun = got.body;
  const name = nameOf(remembered(id) ?? begun);
  if (bare(file.name) !== bare(name)) {
    return `This is “${nameOf(file)}”. To go on, choose “${name}”.`;
  }
  if (file.size !== begun.size) {
    return `This “${nameOf(file)}” has ${sizeOf(file.size)}, not ${sizeOf(begun.size)} like the one that was begun. Choose that one, or discard the upload.`;
  }
  if (begun.modified !== null && file.lastModified !== begun.modified) {
    return `“${nameOf(file)}” was changed since its upload began. Discard the upload and share it again.`;
  }
  try {
    return (await hasSameContents(file, begun))
      ? ""
      : `This “${nameOf(file)}” has the same name and size, but other contents: what is here of it does not fit. Choose the one that was begun, or discard the upload.`;
  } catch {
    return `“${nameOf(file)}” cannot be read on this computer.`;
  }
}
