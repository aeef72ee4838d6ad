/** The door is shut to whoever is not ours, and to what is no call. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { post } from '../src/cli/post.ts';
import { readVersion } from '../src/cli/version.ts';
import { answerCall } from '../src/rpc/doorcalls.ts';
import { decodeTagged, encodeTagged } from '../src/rpc/tagged.ts';
import { doorTo, outcome, serveDoor } from './door.ts';
import { plant } from './grove.ts';

let local: ReturnType<typeof doorTo>;
beforeAll(async () => {
  local = doorTo(await plant());
});

describe('the door is shut to', () => {
  test('who has another cookie, or none', async () => {
    const { http, server, folder } = await serveDoor(local);
    await http.greet();
    writeFileSync(join(folder, '.cookie'), '__cookie__:other');
    expect(await outcome(http.greet())).toMatchObject({
      of: 'node-refused',
      thrown: expect.stringContaining('HTTP 401'),
    });
    rmSync(join(folder, '.cookie'));
    expect(await outcome(http.greet())).toMatchObject({ of: 'no-cookie' });
    await server.close(0);
  });

  test('a program of another version', async () => {
    const { http, server } = await serveDoor(local, '0.0.9');
    const told = `is version 0.0.9, and this program ${readVersion()}: run chain stop`;
    for (const ask of [() => http.greet(), () => http.status()]) {
      expect(await outcome(ask())).toMatchObject({
        of: 'other-version',
        thrown: expect.stringContaining(told),
      });
    }
    await server.close(0);
  });
});

describe('a request is refused that is', () => {
  const version = readVersion();
  test.each([
    '',
    'null',
    '[]',
    '{"$bytes":"0"}',
    encodeTagged({ version, args: [] }),
    encodeTagged({ version, call: 'status' }),
    encodeTagged({ version, call: 'status', args: {} }),
    encodeTagged({ version, call: 'status', args: [1] }),
    ...['stop', 'constructor', 'toString', '__proto__', 'greet2', 7].map((call) =>
      encodeTagged({ version, call, args: [] }),
    ),
    ...[
      ['block', []],
      ['block', ['12']],
      ['block', [-1]],
      ['block', [0.5]],
      ['block', [undefined]],
      ['hashes', [0, 1]],
      ['hashes', [0, 1, 'yes']],
      ['hashes', [0, 2 ** 53, true]],
      ['blocks', ['a']],
      ['blocks', [[1]]],
      ['coinsOf', [['00']]],
      ['isUsed', ['00']],
      ['submitPayment', [Uint8Array.of(0)]],
      ['submitBlock', [new Uint8Array(90)]],
      ['mine', []],
    ].map(([call, args]) => encodeTagged({ version, call, args })),
  ])('%s', async (body) => {
    const { status, body: told = '' } = await answerCall(
      body,
      { door: local, version },
      new AbortController().signal,
    );
    expect(status).toBe(400);
    expect(decodeTagged(told)).toMatchObject({ fault: { code: 'bad-call' } });
  });

  test('words of another language, through the wire too', async () => {
    const { http, server, folder } = await serveDoor(local);
    const node = { pid: 1, started: '', http: `http://127.0.0.1:${server.port}` };
    const { status, text } = await post(folder, node, { path: '/door', body: 'hello' });
    expect(status).toBe(400);
    expect(decodeTagged(text)).toMatchObject({ fault: { code: 'bad-call' } });
    // The door is still there for others.
    await http.greet();
    await server.close(0);
  });
});
