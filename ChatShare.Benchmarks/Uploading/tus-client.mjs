// Sends files by tus-js-client. Arguments: the folder of the packages, the endpoint, a token or "". Each line of standard input is a file;
// the answer is a line of JSON: the seconds until the server has said that it is complete, and where it is.
// The client's own reader takes 64 KiB of a file at a time, and then Node is busy all the time and no server can be told from another: with a
// reader that takes more, the client waits for the server.
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { createRequire } from 'node:module';

const [packages, endpoint, token] = process.argv.slice(2);
const require = createRequire(path.join(packages, 'x.js'));
const tus = require('tus-js-client');

const READ_BYTES = 1024 * 1024;

function read(file) {
  const size = fs.statSync(file).size;
  return {
    size,
    async slice(start, end) {
      const last = Math.min(end, size);
      const value = fs.createReadStream(file, { start, end: last - 1, highWaterMark: READ_BYTES });
      return { value: Object.assign(value, { size: last - start }), done: last === size };
    },
    close() {},
  };
}

function send(file) {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const upload = new tus.Upload(file, {
      endpoint,
      fileReader: { openFile: async () => read(file) },
      headers: token ? { Authorization: `Bearer ${token}` } : {},
      metadata: { room: 'Lobby', filename: path.basename(file) },
      chunkSize: Infinity,
      uploadSize: fs.statSync(file).size,
      retryDelays: null,
      onError: reject,
      onSuccess: () => resolve({ Seconds: (performance.now() - begin) / 1000, Location: new URL(upload.url).pathname }),
    });
    upload.start();
  });
}

for await (const file of readline.createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await send(file)));
}
