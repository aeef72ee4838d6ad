/** Which door a command takes: through a node where one is there, else to the database. */
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../src/cli/leveldb.ts';
import { type RunningNode, removeNodeFiles, writeNodeFiles } from '../src/cli/nodefile.ts';
import { openDoor } from '../src/cli/opendoor.ts';
import { regtest } from '../src/consensus/params.ts';
import { doorTo, type Served, serveDoor } from './door.ts';
import { plant } from './grove.ts';
import { newFolder } from './terminal.ts';

const settings = { params: regtest };
const cookie = '__cookie__:secret';

/** A node of three blocks; its folder has no database, so who gets there sees none. */
async function serveThree(version?: string): Promise<Served & { readonly node: RunningNode }> {
  const grove = await plant();
  for (const name of ['a1', 'a2', 'a3']) await grove.mine(name);
  const served = await serveDoor(doorTo(grove), version);
  const http = `http://127.0.0.1:${served.server.port}`;
  return { ...served, node: { pid: process.pid, started: 'once', http } };
}

/** Opens, and answers whether it leads to a node, and the height. */
async function look(folder: string) {
  const { door, running, close } = await openDoor(folder, settings);
  const { tip } = await door.status();
  await close();
  return { isNode: running !== undefined, height: tip.height };
}

const here = { isNode: false, height: 0 };
const there = { isNode: true, height: 3 };

test('a node that is there is gone through, and its database is left alone', async () => {
  const { folder, server } = await serveThree();
  expect(await look(folder)).toEqual(there);
  await server.close(0);
});

test('a file whose node is gone is not believed', async () => {
  const { folder, server } = await serveThree();
  await server.close(0);
  expect(await look(folder)).toEqual(here);
});

test('somebody else who listens where the node did is not believed', async () => {
  const { folder, server } = await serveThree();
  writeFileSync(join(folder, '.cookie'), '__cookie__:other');
  expect(await look(folder)).toEqual(here);
  await server.close(0);
});

test('a node that has the database and does not know us is named', async () => {
  const { folder, server } = await serveThree();
  const held = await openDatabase(folder);
  writeFileSync(join(folder, '.cookie'), '__cookie__:other');
  await expect(openDoor(folder, settings)).rejects.toMatchObject({ code: 'node-refused' });
  rmSync(join(folder, '.cookie'));
  await expect(openDoor(folder, settings)).rejects.toMatchObject({ code: 'no-cookie' });
  await held.close();
  await server.close(0);
});

test('a node of another version is named, whether or not it has the database', async () => {
  const { folder, server } = await serveThree('0.0.9');
  await expect(openDoor(folder, settings)).rejects.toMatchObject({ code: 'other-version' });
  await server.close(0);
});

test('a node that begins while a command waits for the database is gone through', async () => {
  const { folder, server, node } = await serveThree();
  removeNodeFiles(folder);
  const held = await openDatabase(folder);
  const looking = look(folder);
  writeNodeFiles(folder, node, cookie);
  expect(await looking).toEqual(there);
  await held.close();
  await server.close(0);
});

test('a node that is about to end is waited for, and then the database is opened', async () => {
  const folder = newFolder();
  const held = await openDatabase(folder);
  const again = Promise.withResolvers<void>();
  let asked = 0;
  const ending = createServer((socket) => {
    socket.destroy();
    // Whoever comes a second time found the database held the first time.
    if (++asked === 2) again.resolve();
  });
  await once(ending.listen(0, '127.0.0.1'), 'listening');
  const { port } = ending.address() as AddressInfo;
  const http = `http://127.0.0.1:${port}`;
  writeNodeFiles(folder, { pid: process.pid, started: 'once', http }, cookie);
  const looking = look(folder);
  await again.promise;
  await held.close();
  expect(await looking).toEqual(here);
  ending.close();
});

test('indexes are not dropped beneath a node', async () => {
  const { folder, server } = await serveThree();
  const dropping = openDoor(folder, { ...settings, hasIndex: false });
  await expect(dropping).rejects.toMatchObject({ code: 'node-running' });
  await server.close(0);
});
