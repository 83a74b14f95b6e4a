// @ts-check
// SHA-256 (FIPS 180-4), fed piece by piece. The browser's own is missing on plain http, and wants everything in memory at once.

const blockLength = 64;

/** The first 32 bits of the fractional parts of the first primes' roots. @param {number} count @param {number} power */
function fractions(count, power) {
  const found = new Int32Array(count);
  for (let number = 2, filled = 0; filled < count; number++) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= number && isPrime; divisor++) {
      isPrime = number % divisor !== 0;
    }
    if (isPrime) {
      const root = number ** power;
      found[filled++] = ((root - Math.floor(root)) * 2 ** 32) | 0;
    }
  }
  return found;
}

const start = fractions(8, 1 / 2);
const rounds = fractions(64, 1 / 3);

export class Sha256 {
  #state = start.slice();
  #words = new Int32Array(64);
  #rest = new Uint8Array(blockLength);
  #restLength = 0;
  #length = 0;

  /** @param {Uint8Array} bytes */
  update(bytes) {
    this.#length += bytes.length;
    let at = 0;
    if (this.#restLength > 0) {
      at = Math.min(blockLength - this.#restLength, bytes.length);
      this.#rest.set(bytes.subarray(0, at), this.#restLength);
      this.#restLength += at;
      if (this.#restLength < blockLength) {
        return this;
      }
      this.#block(this.#rest, 0);
      this.#restLength = 0;
    }
    for (; at + blockLength <= bytes.length; at += blockLength) {
      this.#block(bytes, at);
    }
    this.#rest.set(bytes.subarray(at));
    this.#restLength = bytes.length - at;
    return this;
  }

  /** Ends it. @returns {string} 64 lower-case hexadecimal digits */
  digest() {
    const length = this.#length;
    const end = new Uint8Array(this.#restLength < 56 ? blockLength : 2 * blockLength);
    end.set(this.#rest.subarray(0, this.#restLength));
    end[this.#restLength] = 0x80;
    const view = new DataView(end.buffer);
    view.setUint32(end.length - 8, Math.floor(length / 2 ** 29));
    view.setUint32(end.length - 4, (length * 8) >>> 0);
    for (let at = 0; at < end.length; at += blockLength) {
      this.#block(end, at);
    }
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** @param {Uint8Array} bytes @param {number} at */
  #block(bytes, at) {
    const words = this.#words;
    for (let i = 0; i < 16; i++, at += 4) {
      words[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    }
    for (let i = 16; i < 64; i++) {
      const early = words[i - 15];
      const late = words[i - 2];
      const one = ((early >>> 7) | (early << 25)) ^ ((early >>> 18) | (early << 14)) ^ (early >>> 3);
      const two = ((late >>> 17) | (late << 15)) ^ ((late >>> 19) | (late << 13)) ^ (late >>> 10);
      words[i] = (words[i - 16] + one + words[i - 7] + two) | 0;
    }
    const state = this.#state;
    let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (let i = 0; i < 64; i++) {
      const mixedE = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const first = (h + mixedE + ((e & f) ^ (~e & g)) + rounds[i] + words[i]) | 0;
      const mixedA = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const second = (mixedA + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    state[0] = (state[0] + a) | 0;
    state[1] = (state[1] + b) | 0;
    state[2] = (state[2] + c) | 0;
    state[3] = (state[3] + d) | 0;
    state[4] = (state[4] + e) | 0;
    state[5] = (state[5] + f) | 0;
    state[6] = (state[6] + g) | 0;
    state[7] = (state[7] + h) | 0;
  }
}
