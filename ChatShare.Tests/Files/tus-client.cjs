// Sends one file by tus-js-client. At half of the file it says "half" and waits for a line before the next request; at the end it
// says "done" and where the file is. Arguments: the package's folder, the server, a token, the file, bytes a part, with creation or not.
const fs = require('node:fs');
const path = require('node:path');
const [folder, server, token, file, partBytes, withCreation] = process.argv.slice(2);
const tus = require(folder);

let waited = false;
const size = fs.statSync(file).size;
const upload = new tus.Upload(fs.createReadStream(file), {
  endpoint: `${server}/uploads`,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { room: 'Lobby', filename: path.basename(file) },
  chunkSize: Number(partBytes),
  uploadDataDuringCreation: withCreation === 'true',
  retryDelays: Array(100).fill(200),
  async onBeforeRequest(request) {
    if (waited || Number(request.getHeader('Upload-Offset') ?? 0) < size / 2)
      return;
    waited = true;
    console.log('half');
    await new Promise(resolve => process.stdin.once('data', resolve));
    process.stdin.destroy();
  },
  onError(error) {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess() {
    console.log(`done ${new URL(upload.url).pathname}`);
  },
});
upload.start();
