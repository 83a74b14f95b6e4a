// @ts-check
// Handles of files that this browser may read again after a reload, once its person says so. Only files that were dropped have one, and
// only where the page is as good as local or comes by https; everywhere else there simply is none.

const storeName = "handles";
const lasts = 7 * 24 * 60 * 60 * 1000;

/** @typedef {FileSystemFileHandle & { requestPermission?(options: { mode: "read" }): Promise<PermissionState> }} Handle */
/** @typedef {{ handle: Handle, at: number }} Kept */

/** @type {WeakMap<File, Promise<unknown>>} how the file came */
const noted = new WeakMap();
/** @type {Map<string, Handle>} by the id of the upload */
const known = new Map();

/** @returns {Promise<IDBDatabase | null>} null where nothing can be kept */
function open() {
  return new Promise((resolve) => {
    try {
      const asked = indexedDB.open("chatshare.handles", 1);
      asked.addEventListener("upgradeneeded", () => asked.result.createObjectStore(storeName));
      asked.addEventListener("success", () => resolve(asked.result));
      asked.addEventListener("error", () => resolve(null));
      asked.addEventListener("blocked", () => resolve(null));
    } catch {
      resolve(null);
    }
  });
}

const database = open();

/** @param {(store: IDBObjectStore) => void} act */
async function change(act) {
  try {
    const opened = await database;
    opened && act(opened.transaction(storeName, "readwrite").objectStore(storeName));
  } catch {
    // Not kept: after a reload the file is chosen by hand.
  }
}

/** Ends when those of earlier pages are known. */
export const loaded = database.then(
  (opened) =>
    new Promise((resolve) => {
      if (!opened) {
        resolve(undefined);
        return;
      }
      const asked = opened.transaction(storeName, "readwrite").objectStore(storeName).openCursor();
      asked.addEventListener("error", () => resolve(undefined));
      asked.addEventListener("success", () => {
        const cursor = asked.result;
        if (!cursor) {
          resolve(undefined);
          return;
        }
        const { handle, at } = /** @type {Kept} */ (cursor.value);
        if (Date.now() - at < lasts) {
          known.set(String(cursor.key), handle);
        } else {
          cursor.delete();
        }
        cursor.continue();
      });
    }),
);

/** Says by what a file can be read again. @param {File} file @param {Promise<unknown> | undefined} handle of anything */
export function note(file, handle) {
  if (handle) {
    noted.set(file, handle.catch(() => null));
  }
}

/** Keeps what was noted of a file, until it is forgotten. @param {string} id of the upload @param {File} file */
export async function keep(id, file) {
  const handle = await noted.get(file);
  if (handle instanceof FileSystemFileHandle) {
    known.set(id, handle);
    await change((store) => store.put({ handle, at: Date.now() }, id));
  }
}

/** @param {string} id */
export function forget(id) {
  if (known.delete(id)) {
    void change((store) => store.delete(id));
  }
}

/** @returns {string[]} the uploads that have one */
export const ids = () => [...known.keys()];

/** @param {string} id */
export const has = (id) => known.has(id);

/**
 * Within a click: the browser may ask its person.
 * @param {string} id
 * @returns {Promise<File | null>} null when it may not be read, or is not there any more
 */
export async function fileOf(id) {
  try {
    const handle = known.get(id);
    if (!handle || (handle.requestPermission && (await handle.requestPermission({ mode: "read" })) !== "granted")) {
      return null;
    }
    const file = await handle.getFile();
    note(file, Promise.resolve(handle));
    return file;
  } catch {
    return null;
  }
}
