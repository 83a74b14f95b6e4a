// @ts-check
// Bytes of a text file, whatever its program wrote.

/**
 * @param {Uint8Array} bytes
 * @param {boolean} isCut the file goes on, so that a character may be cut off at the end
 * @returns {string | null} null when it is no text
 */
export function decode(bytes, isCut) {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) {
    return new TextDecoder("utf-16le").decode(bytes, { stream: isCut });
  }
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    return new TextDecoder("utf-16be").decode(bytes, { stream: isCut });
  }
  if (bytes.includes(0)) {
    return null;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: isCut });
  } catch {
    // What spreadsheets of the western world write; every byte is a character of it.
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
