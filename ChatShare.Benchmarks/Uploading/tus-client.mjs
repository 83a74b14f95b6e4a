// Sends files by tus-js-client. Arguments: the folder of the packages, the endpoint, a token or "". Each line of standard input is a file;
// the answer is a line of JSON: the seconds until the server has said that it is complete, and where it is.
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { createRequire } from 'node:module';

const [packages, endpoint, token] = process.argv.slice(2);
const require = createRequire(path.join(packages, 'x.js'));
const tus = require('tus-js-client');

function send(file) {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const upload = new tus.Upload(fs.createReadStream(file), {
      endpoint,
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
