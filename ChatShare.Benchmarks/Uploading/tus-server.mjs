// @tus/server with @tus/file-store as they come, or with a sync of each finished file.
// Arguments: the folder of the packages, the folder for files, "sync" or "plain". Says where it listens.
import fs from 'node:fs/promises';
import path from 'node:path';
import { createRequire } from 'node:module';

const [packages, folder, mode] = process.argv.slice(2);
const require = createRequire(path.join(packages, 'x.js'));
const { Server } = await import(require.resolve('@tus/server'));
const { FileStore } = await import(require.resolve('@tus/file-store'));

const server = new Server({
  path: '/files',
  datastore: new FileStore({ directory: folder }),
  async onUploadFinish(request, upload) {
    if (mode === 'sync') {
      const file = await fs.open(path.join(folder, upload.id), 'r+');
      await file.sync();
      await file.close();
    }
    return {};
  },
});
const listener = server.listen({ host: '127.0.0.1', port: 0 }, () => console.log(`http://127.0.0.1:${listener.address().port}`));
