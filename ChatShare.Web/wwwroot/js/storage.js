// @ts-check
// localStorage that may be missing, forbidden or full: every call answers, none throws.

/**
 * @param {string} key
 * @returns {string | null} null when there is nothing, or nothing can be read
 */
export function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {string} value
 * @returns {boolean} false when it could not be kept
 */
export function write(key, value) {
  try {
    localStorage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} key
 * @returns {boolean} false when storage cannot be reached
 */
export function remove(key) {
  try {
    localStorage.removeItem(key);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} prefix
 * @returns {string[]} the keys that begin with it, in no order
 */
export function keys(prefix) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}
