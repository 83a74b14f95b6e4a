// @ts-check
// tus 1.0.0 as this server speaks it, one request a function. None throws: an answer that did not come has status 0.

const version = { "Tus-Resumable": "1.0.0" };
const partType = "application/offset+octet-stream";
const answerTimeout = 30_000;
// A network that swallows packets breaks no connection.
const silence = 20_000;
// Behind the last byte the server writes out what is not on its disk yet.
const lastSilence = 300_000;

/**
 * @typedef {{
 *   status: number,
 *   ours: boolean,
 *   sentence: string,
 *   offset: number | null,
 *   location: string | null,
 *   retryAfter: number,
 *   sameSize: boolean,
 *   calledOff: boolean,
 *   body: any,
 * }} Answer
 * status: 0 when none came; ours: false when something between here and the server answered in its place; retryAfter: milliseconds, 0 when
 * it was not said; sameSize: the server has a file of this size for this person to read; calledOff: by its own
 * sender, here or on another page; body: of an answer that is JSON, else null
 */

/** @param {string} body @returns {any} null when it is not JSON, whatever a proxy calls it */
function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/**
 * @param {number} status @param {(name: string) => string | null} header @param {string} body
 * @returns {Answer}
 */
function answer(status, header, body) {
  const type = header("Content-Type") ?? "";
  const problem = type.startsWith("application/problem+json") ? parsed(body) : null;
  const sentence = String(problem?.detail ?? problem?.title ?? "");
  const offset = header("Upload-Offset");
  return {
    status,
    // Every answer of the server says so, also the refusals; those of the cross-site check and of a proxy do not.
    ours: header("Tus-Resumable") !== null || sentence !== "",
    sentence,
    offset: offset === null ? null : Number(offset),
    location: header("Location"),
    retryAfter: Number(header("Retry-After") ?? 0) * 1000,
    sameSize: header("ChatShare-Same-Size") !== null,
    calledOff: header("ChatShare-Called-Off") !== null,
    body: type.startsWith("application/json") ? parsed(body) : null,
  };
}

const none = () => answer(0, () => null, "");

/** @param {string} value */
function base64(value) {
  let bytes = "";
  for (const byte of new TextEncoder().encode(value)) {
    bytes += String.fromCharCode(byte);
  }
  return btoa(bytes);
}

let byPost = false;

/** Whether what changes an upload is sent as POST, for where only GET and POST get through. */
export const goesByPost = () => byPost;

/** From now on it is. */
export function goByPost() {
  byPost = true;
}

/** @param {string} method @returns {[string, Record<string, string>]} how it is sent */
const sentAs = (method) => (byPost ? ["POST", { "X-HTTP-Method-Override": method }] : [method, {}]);

/**
 * @param {string} method @param {string} address @param {Record<string, string>} headers @param {AbortSignal} signal @param {Blob | string} [body]
 * @returns {Promise<Answer>}
 */
async function ask(method, address, headers, signal, body) {
  const within = new AbortController();
  const timer = setTimeout(() => within.abort(), answerTimeout);
  const stop = () => within.abort();
  signal.addEventListener("abort", stop);
  try {
    const response = await fetch(address, { method, headers: { ...version, ...headers }, body, cache: "no-store", redirect: "error", signal: within.signal });
    return answer(response.status, (name) => response.headers.get(name), await response.text());
  } catch {
    return none();
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/** @typedef {{ size: number, metadata: Record<string, string> }} Creation metadata: empty values are left out */

/** @param {Creation} of */
const pairsOf = ({ metadata }) =>
  Object.entries(metadata).filter(([, value]) => value !== "").map(([key, value]) => `${key} ${base64(value)}`).join(",");

/**
 * Announces a file.
 * @param {Creation} creation @param {Blob | null} body its bytes, when they go along: that saves a small file a round trip @param {AbortSignal} signal
 */
export function create(creation, body, signal) {
  const headers = { "Upload-Length": String(creation.size), "Upload-Metadata": pairsOf(creation) };
  return body
    ? ask("POST", "/uploads", { ...headers, "Content-Type": partType }, signal, body)
    : ask("POST", "/uploads", headers, signal);
}

/** Announces files of one batch, all of them or none. @param {Creation[]} creations @param {AbortSignal} signal */
export function createAll(creations, signal) {
  const uploads = creations.map((creation) => ({ length: creation.size, metadata: pairsOf(creation) }));
  return ask("POST", "/uploads/batch", { "Content-Type": "application/json" }, signal, JSON.stringify({ uploads }));
}

/** Asks how much is there. @param {string} id @param {AbortSignal} signal */
export const head = (id, signal) => ask("HEAD", `/uploads/${id}`, {}, signal);

/** Which of one's own are under way. @param {AbortSignal} signal */
export const list = (signal) => ask("GET", "/uploads", {}, signal);

/** Asks by what its file is known. @param {string} id @param {AbortSignal} signal */
export const samples = (id, signal) => ask("GET", `/uploads/${id}/samples`, {}, signal);

/** Tells what the whole file hashes to: 200 when it need not be sent. @param {string} id @param {string} sha256 in hexadecimal digits @param {AbortSignal} signal */
export function tellDigest(id, sha256, signal) {
  const bytes = sha256.replace(/../g, (pair) => String.fromCharCode(parseInt(pair, 16)));
  return ask("POST", `/uploads/${id}/digest`, { "Repr-Digest": `sha-256=:${btoa(bytes)}:` }, signal);
}

/** Calls it off. @param {string} id @param {AbortSignal} signal */
export function remove(id, signal) {
  const [method, headers] = sentAs("DELETE");
  return ask(method, `/uploads/${id}`, headers, signal);
}

/**
 * Sends what follows the bytes that are there, straight from the disk.
 * @param {string} id @param {number} offset @param {Blob} part @param {(sent: number) => void} onProgress @param {AbortSignal} signal
 * @returns {Promise<Answer>}
 */
export function append(id, offset, part, onProgress, signal) {
  return new Promise((resolve) => {
    // fetch() does not tell how far a body is.
    const request = new XMLHttpRequest();
    let timer = 0;
    const stop = () => request.abort();
    /** @param {number} milliseconds */
    const watch = (milliseconds) => {
      clearTimeout(timer);
      timer = window.setTimeout(stop, milliseconds);
    };
    const [method, headers] = sentAs("PATCH");
    request.open(method, `/uploads/${id}`);
    Object.entries({ ...version, ...headers }).forEach(([name, value]) => request.setRequestHeader(name, value));
    request.setRequestHeader("Content-Type", partType);
    request.setRequestHeader("Upload-Offset", String(offset));
    request.upload.addEventListener("progress", (event) => {
      watch(event.loaded < part.size ? silence : lastSilence);
      onProgress(event.loaded);
    });
    request.addEventListener("loadend", () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      resolve(request.status === 0 ? none() : answer(request.status, (name) => request.getResponseHeader(name), request.responseText));
    });
    signal.addEventListener("abort", stop);
    watch(silence);
    request.send(part);
    if (signal.aborted) {
      stop();
    }
  });
}
