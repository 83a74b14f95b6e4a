// @ts-check
// The SHA-256 of a file, made in a worker beside the page.

/**
 * @param {Blob} blob
 * @param {AbortSignal} signal ends it
 * @param {(hashed: number) => void} [onProgress] bytes so far
 * @returns {Promise<string | null>} 64 lower-case hexadecimal digits; null when it was ended, the file cannot be read, or the worker does not come
 */
export function sha256Of(blob, signal, onProgress) {
  return new Promise((resolve) => {
    const worker = new Worker(new URL("./hash-worker.js", import.meta.url), { type: "module" });
    /** @param {string | null} digest */
    const end = (digest) => {
      worker.terminate();
      signal.removeEventListener("abort", stop);
      resolve(digest);
    };
    const stop = () => end(null);
    worker.addEventListener("message", (event) => {
      if (event.data.digest) {
        end(event.data.digest);
      } else if (event.data.error) {
        end(null);
      } else {
        onProgress?.(event.data.hashed);
      }
    });
    worker.addEventListener("error", stop);
    signal.addEventListener("abort", stop);
    if (signal.aborted) {
      stop();
    } else {
      worker.postMessage(blob);
    }
  });
}
