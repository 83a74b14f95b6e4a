// @ts-check
// What the page says about a finished file, read from the element that shows it.

/**
 * @typedef {object} FileFacts
 * @property {string} id
 * @property {string} name
 * @property {number} size in bytes
 * @property {string} sha256 64 lower-case hexadecimal digits
 * @property {string} view how it can be shown; empty when it cannot
 * @property {string} sender
 * @property {number} width in pixels; 0 when it is no picture, or nobody knows
 * @property {number} height
 */

/** @param {HTMLElement} shown with data-file @returns {FileFacts} */
export function factsOf(shown) {
  const facts = shown.dataset;
  return {
    id: facts.file ?? "",
    name: facts.name ?? "",
    size: Number(facts.size),
    sha256: facts.sha256 ?? "",
    view: facts.view ?? "",
    sender: facts.sender ?? shown.closest(".row")?.querySelector(".name")?.textContent ?? "",
    width: Number(facts.width ?? 0),
    height: Number(facts.height ?? 0),
  };
}

/** @param {FileFacts} file */
export const downloadAddress = (file) => `/files/${file.id}/${encodeURIComponent(file.name)}`;

/** For looking: the server shows in place what cannot run, and does not take it for a download. @param {FileFacts} file */
export const lookAddress = (file) => `${downloadAddress(file)}?inline`;
