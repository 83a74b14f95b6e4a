// @ts-check
// What the server would refuse, found before it is sent. A control character and half of a pair take six bytes each on the
// way: enough of them would make a message that is too large for the connection, and end it.

/** @param {number} value */
export const grouped = (value) => value.toLocaleString("en-US");

/** @param {string} text @returns {string} the character by its usual name, such as U+0007 */
const named = (text) => `U+${text.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

/**
 * @param {string} text
 * @param {number} maxLength in UTF-16 code units, as the server counts
 * @returns {string} a sentence for the person; empty when it can be sent
 */
export function faultOf(text, maxLength) {
  if (text.length > maxLength) {
    return `This message has ${grouped(text.length)} characters; the limit is ${grouped(maxLength)}.`;
  }
  // Tab and line breaks are welcome.
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/.exec(text);
  if (control) {
    return `This message contains a control character (${named(control[0])}) that cannot be sent.`;
  }
  const half = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(text);
  if (half) {
    return `This message contains half a character (${named(half[0])}) that cannot be sent.`;
  }
  // As on the server: an empty braille cell is formally a symbol.
  return /[^\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800]/u.test(text) ? "" : "A message cannot be empty.";
}

/**
 * A file's name as people see it here, without what shows nothing of its own or turns the rest around. The server cleans more of it, which nobody
 * could mistake.
 * @param {{ name: string }} file
 */
export const nameOf = (file) =>
  file.name.normalize("NFC").replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800]/gu, "") || "file";

const units = ["KB", "MB", "GB", "TB", "PB"];

/** As people say it, and as the server does. @param {number} bytes @returns {string} */
export function sizeOf(bytes) {
  if (bytes < 1000) {
    return `${bytes} B`;
  }
  let value = bytes / 1000;
  let unit = 0;
  while (Math.round(value) >= 1000) {
    value /= 1000;
    unit++;
  }
  return `${Math.round(value * 10) < 1000 ? (Math.round(value * 10) / 10).toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** What is said of a size over a limit: in bytes where both would read the same. @param {number} bytes @param {number} limit @returns {string} */
export function overLimit(bytes, limit) {
  const say = sizeOf(bytes) === sizeOf(limit) ? (/** @type {number} */ size) => `${size.toLocaleString("en")} B` : sizeOf;
  return `is ${say(bytes)}; the limit here is ${say(limit)}.`;
}

/** @param {number} seconds @returns {string} */
export function timeLeftOf(seconds) {
  if (seconds < 60) {
    return `${Math.max(1, Math.ceil(seconds))} s`;
  }
  if (seconds < 3600) {
    return `${Math.ceil(seconds / 60)} min`;
  }
  return seconds < 48 * 3600 ? `${Math.ceil(seconds / 3600)} h` : `${Math.ceil(Math.min(seconds, 99 * 86400) / 86400)} days`;
}

const emoji = /^[\u{1F1E6}-\u{1FAFF}\u231A-\u23FF\u25AA-\u27BF\u2B05-\u2B55]/u;

/** As on the server (MessageMarkup.cs): one to three emoji and nothing else are shown large. @param {string} text */
export function isEmojiOnly(text) {
  if (text.length > 40 || !("Segmenter" in Intl)) {
    return false;
  }
  const signs = [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment).filter((segment) => segment.trim() !== "");
  return signs.length > 0 && signs.length <= 3 && signs.every((sign) => emoji.test(sign));
}
