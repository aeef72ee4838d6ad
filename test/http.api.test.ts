/** What everybody may ask over HTTP: which methods, in which pages, and how often. */
import { Agent, get as httpGet } from 'node:http';
import { beforeAll, expect, test } from 'vitest';
import { apiRoute } from '../src/cli/api.ts';
import type { BucketSize } from '../src/cli/bucket.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { txid } from '../src/primitives/transaction.ts';
import { ask, get, type Served, serve } from './caller.ts';
import { outputTo, pay } from './forge.ts';
import { type Asked, plantAsked } from './rpc.ts';

let asked: Asked;
beforeAll(async () => {
  asked = await plantAsked();
  const { grove } = asked;
  for (let i = 1; i <= 70; i++) await grove.mine(`a${i}`);
  await grove.mine('b69', { on: 'a68' });
  for (const [i, fee] of [1_000n, 3_000n, 2_000n].entries()) {
    const coin = grove.minted(`a${i + 1}`);
    const outputs = [outputTo(1, coin.coin.amount - fee)];
    expect(await grove.pay(pay([coin], { outputs }))).toBe('waits');
  }
});

interface Clock {
  seconds: number;
}

async function serveApi(bucket?: BucketSize, clock: Clock = { seconds: 0 }): Promise<Served> {
  const { grove, calls } = asked;
  const settings = { node: grove.node, call: calls, clock: () => clock.seconds };
  return await serve({ routes: [apiRoute({ ...settings, ...(bucket ? { bucket } : {}) })] });
}

const hashOf = (name: string) => hashHeader(asked.grove.block(name).header);

test('a method is asked by its path, and its parameters by their names', async () => {
  const server = await serveApi();
  const { status, says, told } = await get(server, '/api/getblockcount');
  expect({ status, says }).toEqual({ status: 200, says: '70\n' });
  expect(told['content-type']).toBe('application/json');
  expect(told['access-control-allow-origin']).toBeUndefined();
  const hash = hashOf('a69');
  expect(await get(server, '/api/getblockhash?height=69')).toMatchObject({ says: `"${hash}"\n` });
  const header = await get(server, `/api/getblockheader?blockhash=${hash}&verbose=true`);
  expect(JSON.parse(header.says)).toEqual(await asked.call('getblockheader', hash, true));
  const raw = await get(server, `/api/getblockheader?verbose=false&blockhash=${hash}`);
  expect(JSON.parse(raw.says)).toMatch(/^[0-9a-f]{160}$/);
  const stats = await get(server, '/api/getblockstats?hash_or_height=5');
  expect(JSON.parse(stats.says)).toMatchObject({ height: 5 });
  expect(JSON.parse((await get(server, `/api/getblock?blockhash=${hash}`)).says)).toMatchObject({
    height: 69,
    tx: [expect.stringMatching(/^[0-9a-f]{64}$/)],
  });
});

test('a HEAD is told the same without the result, and nothing else is taken', async () => {
  const server = await serveApi();
  const path = '/api/getblockcount';
  expect(await ask(server, { path, method: 'HEAD', body: '' })).toMatchObject({
    status: 200,
    says: '',
  });
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const { status, told } = await ask(server, { path, method, body: '' });
    expect({ method, status, allow: told['allow'] }).toEqual({
      method,
      status: 405,
      allow: 'GET, HEAD',
    });
  }
});

const wrong: readonly (readonly [string, string, number, number])[] = [
  ['a method that changes something', 'generatetoaddress?nblocks=1&address=x', 404, -32_601],
  ['one that stops the node', 'stop', 404, -32_601],
  ['one that is dear', 'gettxoutsetinfo', 404, -32_601],
  ['one that is none', 'constructor', 404, -32_601],
  ['a block that is not there', `getblock?blockhash=${'ab'.repeat(32)}`, 404, -5],
  ['a height that is not there', 'getblockhash?height=71', 400, -8],
  ['a height that is no number', 'getblockhash?height=x', 400, -3],
  ['a height with a fraction', 'getblockhash?height=1.5', 400, -3],
  ['no height', 'getblockhash', 400, -8],
  ['two heights', 'getblockhash?height=1&height=2', 400, -8],
  ['a parameter nobody knows', 'getblockcount?height=1', 400, -8],
  ['a parameter that would be dear', `getblock?blockhash=${'ab'.repeat(32)}&verbosity=3`, 400, -8],
  ['args by their places', 'getblockhash?args=1', 400, -8],
  ['a name of all objects', 'getblockcount?__proto__=1', 400, -8],
  ['a page below the first', 'mempool?page=-1', 400, -8],
];

test.each(wrong)('%s is refused', async (_what, path, status, code) => {
  const server = await serveApi();
  const answer = await get(server, `/api/${path}`);
  expect(JSON.parse(answer.says)).toEqual({ error: { code, message: expect.any(String) } });
  expect(answer.status).toBe(status);
  expect(server.complaints).toEqual([]);
});

test('a page of another origin is refused, and a foreign name too', async () => {
  const server = await serveApi();
  const path = '/api/getblockcount';
  const foreign = [
    { origin: 'http://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { host: `evil.example:${server.port}` },
  ];
  for (const headers of foreign) {
    expect(await get(server, path, headers)).toMatchObject({ status: 403 });
  }
  const own = { origin: `http://127.0.0.1:${server.port}`, 'sec-fetch-site': 'same-origin' };
  expect(await get(server, path, own)).toMatchObject({ status: 200 });
});

test('blocks come in pages, the highest first, those beside the chain among them', async () => {
  const server = await serveApi();
  const first = JSON.parse((await get(server, '/api/blocks')).says);
  expect(first.rows).toHaveLength(65);
  expect(first.before).toBe(7);
  expect(first.rows.slice(0, 3)).toEqual([
    expect.objectContaining({ height: 70, hash: hashOf('a70'), status: 'active', nTx: 1 }),
    expect.objectContaining({ height: 69, hash: hashOf('a69'), status: 'active' }),
    expect.objectContaining({ height: 69, hash: hashOf('b69'), status: 'side' }),
  ]);
  const second = JSON.parse((await get(server, '/api/blocks?before=7')).says);
  const heights = second.rows.map(({ height }: { height: number }) => height);
  expect(heights).toEqual([6, 5, 4, 3, 2, 1, 0]);
  expect(second.before).toBeUndefined();
  expect(JSON.parse((await get(server, '/api/blocks?before=0')).says)).toEqual({ rows: [] });
});

test('what waits comes by its fee rate, in pages', async () => {
  const server = await serveApi();
  const { rows, total } = JSON.parse((await get(server, '/api/mempool')).says);
  expect(total).toBe(3);
  expect(rows.map(({ fee }: { fee: number }) => fee)).toEqual([0.000_03, 0.000_02, 0.000_01]);
  expect(rows[0]).toEqual({
    txid: expect.stringMatching(/^[0-9a-f]{64}$/),
    fee: 0.000_03,
    vsize: expect.any(Number),
    feerate: expect.any(Number),
    time: expect.any(Number),
  });
  const next = JSON.parse((await get(server, '/api/mempool?page=1')).says);
  expect(next).toEqual({ rows: [], total: 3 });
  const ids = JSON.parse((await get(server, '/api/getrawmempool')).says);
  expect(ids).toHaveLength(3);
  expect(JSON.parse((await get(server, '/api/getrawmempool?page=1')).says)).toEqual([]);
});

test('the transactions of a block come with what is known of them', async () => {
  const server = await serveApi();
  const [minted] = asked.grove.block('a70').transactions;
  const path = `/api/transactions?blockhash=${hashOf('a70')}`;
  expect(JSON.parse((await get(server, path)).says)).toEqual({
    rows: [
      {
        txid: minted && txid(minted),
        vsize: expect.any(Number),
        inputs: 1,
        outputs: minted?.outputs.length,
        amount: 50,
      },
    ],
    total: 1,
  });
});

test('who asks too much on one connection hears when to ask again; others do not', async () => {
  const clock = { seconds: 0 };
  const server = await serveApi({ tokens: 3, perSecond: 0.5 }, clock);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const once = () =>
    new Promise<{ status: number | undefined; after: string | undefined }>((resolve, reject) => {
      const options = { host: '127.0.0.1', port: server.port, path: '/api/uptime', agent };
      httpGet(options, (response) => {
        const { statusCode, headers } = response.resume();
        const answer = { status: statusCode, after: headers['retry-after'] };
        response.on('end', () => resolve(answer));
      }).on('error', reject);
    });
  const fine = { status: 200, after: undefined };
  for (let i = 0; i < 3; i++) expect(await once()).toEqual(fine);
  expect(await once()).toEqual({ status: 429, after: '2' });
  expect(await get(server, '/api/uptime')).toMatchObject({ status: 200 });
  clock.seconds = 1.5;
  expect(await once()).toEqual({ status: 429, after: '1' });
  clock.seconds = 2;
  expect(await once()).toEqual(fine);
  // What reads whole blocks takes more than there can ever be here.
  expect(await get(server, '/api/getrawmempool')).toMatchObject({ status: 429 });
  agent.destroy();
});
