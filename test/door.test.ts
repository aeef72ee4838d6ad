/** The door: the same through a wire as without one, and what becomes of who hangs up. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Door } from '../src/node/door.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { noHash } from '../src/primitives/codec.ts';
import { type Transaction, txid } from '../src/primitives/transaction.ts';
import { doorTo, outcome, type Served, serveDoor } from './door.ts';
import { carriersOf, keyOf, outputTo, ownOutput, pay } from './forge.ts';
import { type Grove, plant } from './grove.ts';

const unit = 100_000_000n;
const scripts = [0, 1].map((seed) => outputTo(seed, 0n).script);

//   genesis ── a1 ── a2 ── a3 (pays key 1)
//               └─── b2
let grove: Grove;
let local: Door;
let served: Served;
let mined: Transaction;
let parent: Transaction;
let child: Transaction;

beforeAll(async () => {
  grove = await plant();
  for (const name of ['a1', 'a2']) await grove.mine(name);
  await grove.mine('b2', { on: 'a1' });
  mined = pay([grove.minted('a1')], {
    outputs: [outputTo(1, 20n * unit), outputTo(0, 30n * unit)],
  });
  await grove.mine('a3', { with: [mined] });
  parent = pay([grove.minted('a2')], { outputs: [outputTo(0, 49n * unit)] });
  child = pay([ownOutput(parent, 0, keyOf(0))], { outputs: [outputTo(1, 48n * unit)] });
  expect([await grove.pay(parent), await grove.pay(child)]).toEqual(['waits', 'waits']);
  local = doorTo(grove);
  served = await serveDoor(local);
});

afterAll(() => served.server.close(0));

function hashOf(name: string) {
  return hashHeader(grove.block(name).header);
}

const unknown = '1'.repeat(64) as typeof noHash;

/** Questions that change nothing, by what they ask. */
const questions: Readonly<
  Record<Exclude<keyof Door, 'mine'>, readonly ((door: Door) => Promise<unknown>)[]>
> = {
  status: [(door) => door.status()],
  engine: [(door) => door.engine()],
  block: [
    (door) => door.block(0),
    (door) => door.block(3),
    (door) => door.block(hashOf('b2')),
    (door) => door.block(4),
    (door) => door.block(unknown),
  ],
  hashes: [
    (door) => door.hashes({ limit: 2, all: false }),
    (door) => door.hashes({ from: 2, limit: 10, all: true }),
    (door) => door.hashes({ from: undefined, limit: 10, all: true }),
  ],
  blocks: [
    (door) => door.blocks([]),
    (door) => door.blocks([hashOf('a3'), hashOf('b2')]),
    (door) => door.blocks([unknown]),
  ],
  branch: [
    (door) => door.branch({ last: hashOf('a3'), from: 0 }),
    (door) => door.branch({ last: hashOf('b2'), from: 1 }),
    (door) => door.branch({ last: unknown, from: 0 }),
  ],
  transaction: [
    (door) => door.transaction(txid(mined)),
    (door) => door.transaction(txid(child)),
    (door) => door.transaction(unknown),
  ],
  coinsOf: [(door) => door.coinsOf([]), (door) => door.coinsOf(scripts)],
  historyOf: [
    (door) => door.historyOf({ scripts, limit: 3 }),
    (door) => door.historyOf({ scripts, limit: Number.MAX_SAFE_INTEGER }),
  ],
  isUsed: [
    (door) => door.isUsed(outputTo(1, 0n).script),
    (door) => door.isUsed(outputTo(9, 0n).script),
  ],
  mempool: [(door) => door.mempool()],
  payment: [
    (door) => door.payment(txid(parent)),
    (door) => door.payment(txid(child)),
    (door) => door.payment(txid(mined)),
    (door) => door.payment(unknown),
  ],
  submitPayment: [
    (door) => door.submitPayment(parent),
    (door) => door.submitPayment(pay([grove.minted('a1')])),
  ],
  submitBlock: [
    (door) => door.submitBlock(grove.block('a2')),
    (door) => door.submitBlock({ ...grove.block('a2'), header: grove.block('a4').header }),
    (door) => door.submitBlock(grove.draw('a5', { on: 'a4' })),
  ],
  verify: [(door) => door.verify()],
};

test.each(Object.entries(questions))('%s answers the same through a wire', async (_, asked) => {
  grove.draw('a4', { on: 'a3' });
  for (const ask of asked) {
    const here = await outcome(ask(local));
    expect(await outcome(ask(served.http))).toStrictEqual(here);
  }
});

test('the coins of a waiting payment know the row that they stand at the end of', async () => {
  const coins = await served.http.coinsOf(scripts);
  const last = coins.find(({ outPoint }) => outPoint.txid === txid(child));
  expect(last).toMatchObject({ ancestors: [txid(parent), txid(child)], isAtLimit: false });
  expect(coins.filter(({ isWaiting }) => !isWaiting).map(({ ancestors }) => ancestors)).toEqual(
    coins.filter(({ isWaiting }) => !isWaiting).map(() => []),
  );
});

test('a block that a node mined is told with its place', async () => {
  const young = await plant();
  const { http, server } = await serveDoor(doorTo(young));
  await http.greet();
  const { hash, height } = await http.mine(outputTo(3, 0n).script);
  expect(height).toBe(1);
  expect(await http.block(1)).toMatchObject({ hash });
  expect(await http.isUsed(outputTo(3, 0n).script)).toBe(true);
  await server.close(0);
});

test('a chain is read to its end though the node leaves it meanwhile', async () => {
  const forked = await plant();
  for (const name of ['a1', 'a2', 'a3']) await forked.mine(name);
  const { http, server } = await serveDoor(doorTo(forked));
  const { tip } = await http.status();
  const last = hashHeader(tip.header);
  for (const name of ['b2', 'b3', 'b4']) {
    await forked.mine(name, { on: name === 'b2' ? 'a1' : `b${Number(name.slice(1)) - 1}` });
  }
  expect(forked.tip).toBe('b4');
  const named = ['genesis', 'a1', 'a2', 'a3'].map((name) => forked.block(name));
  expect(await http.branch({ last, from: 0 })).toEqual(named);
  expect(await http.branch({ last, from: 2 })).toEqual(named.slice(2));
  await server.close(0);
});

test('an answer holds as many blocks as make a megabyte, and one at least', async () => {
  const wide = await plant();
  const names = ['a1', 'a2', 'a3', 'a4', 'a5'];
  await wide.mine('a1');
  for (const [i, name] of names.slice(1).entries()) {
    const outputs = carriersOf(i === 0 ? 990_000 : 400_000);
    const wordy = pay([wide.minted(names[i] ?? '')], { outputs });
    expect(await wide.mine(name, { with: [wordy] })).toBe('connected');
  }
  const { http, server } = await serveDoor(doorTo(wide));
  const hashes = names.map((name) => hashHeader(wide.block(name).header));
  const heights = async (from: number) =>
    (await http.blocks(hashes.slice(from))).map(({ entry }) => entry.height);
  expect(await heights(0)).toEqual([1, 2, 3]);
  expect(await heights(1)).toEqual([2, 3]);
  expect(await heights(2)).toEqual([3, 4, 5]);
  const last = hashes.at(-1) ?? noHash;
  expect(await http.branch({ last, from: 1 })).toHaveLength(3);
  expect(await http.branch({ last, from: 5 })).toHaveLength(1);
  await server.close(0);
});

describe('whoever hangs up', () => {
  /** A door at which mining lasts until its signal comes. */
  async function serveLasting() {
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<unknown>();
    const door = doorTo(grove, {
      mine: (_script, signal) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            ended.resolve(signal.reason);
            reject(signal.reason);
          });
          begun.resolve();
        }),
    });
    return { ...(await serveDoor(door)), begun: begun.promise, ended: ended.promise };
  }

  test('ends the search for a block', async () => {
    const { http, server, begun, ended } = await serveLasting();
    const person = new AbortController();
    const mining = http.mine(outputTo(0, 0n).script, person.signal);
    await begun;
    person.abort(new Error('enough'));
    await expect(mining).rejects.toThrow('enough');
    await ended;
    await server.close(0);
  });

  test('ends a verification after the next block', async () => {
    const person = new AbortController();
    const counts: number[] = [];
    const progress = (count: number) => {
      counts.push(count);
      if (count === 2) person.abort(new Error('enough'));
    };
    const verifying = local.verify({ signal: person.signal, progress });
    await expect(verifying).rejects.toThrow('enough');
    expect(counts).toEqual([1, 2]);
  });

  test('is told what to do where it was the node', async () => {
    const { http, server, begun } = await serveLasting();
    const mining = http.mine(outputTo(0, 0n).script);
    await begun;
    const [told] = await Promise.all([outcome(mining), server.close(0)]);
    expect(told).toMatchObject({ of: 'node-silent', thrown: expect.stringContaining('tell') });
    expect(await outcome(http.status())).toMatchObject({ of: 'no-node' });
  });
});
