// @ts-check
// Hashes a file beside the page, so that the page stays quick. It is told a Blob, and answers how far it is, then the digest.

import { Sha256 } from "./sha256.js";

const pieceLength = 4 * 1024 * 1024;

addEventListener("message", async (event) => {
  /** @type {Blob} */
  const blob = event.data;
  const hash = new Sha256();
  try {
    for (let at = 0; at < blob.size; at += pieceLength) {
      hash.update(new Uint8Array(await blob.slice(at, at + pieceLength).arrayBuffer()));
      postMessage({ hashed: Math.min(at + pieceLength, blob.size) });
    }
    postMessage({ digest: hash.digest() });
  } catch {
    postMessage({ error: true });
  }
});
