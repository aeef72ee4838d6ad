/** The world failing among forks: it condemns nothing, and the heaviest valid branch is found. */
import { expect, test } from 'vitest';
import type { VerifyAll } from '../src/chain/chain.ts';
import type { Database, Operation } from '../src/chain/database.ts';
import { isReject } from '../src/consensus/reject.ts';
import { txid } from '../src/primitives/transaction.ts';
import { keyOf, outputTo, ownOutput, pay } from './forge.ts';
import { type Grove, memory, plant, stateOf, verifyOnce, wordOf } from './grove.ts';

const tooMuch = 50_0000_0001n;
const verifyAll = verifyOnce();

/** A world that fails once: at one of its works, counted from zero, be it a write or a check. */
class World {
  readonly database: Database = memory();
  readonly #fails: 'write' | 'check' | 'nothing';
  #left: number;

  constructor(fails: 'write' | 'check' | 'nothing', left = 0) {
    this.#fails = fails;
    this.#left = left;
  }

  /** The database of this world. It outlives the failure, as a disk that was full does. */
  get disk(): Database {
    const { database } = this;
    return {
      get: (key, at) => database.get(key, at),
      getMany: (keys, at) => database.getMany(keys, at),
      iterator: (walk) => database.iterator(walk),
      snapshot: () => database.snapshot(),
      batch: async (operations: Operation[], options) => {
        this.#work('write');
        await database.batch(operations, options);
      },
    };
  }

  get verifyAll(): VerifyAll {
    return async (checks) => {
      if (checks.length > 0) this.#work('check');
      return verifyAll(checks);
    };
  }

  /** Has it failed yet? */
  get isOver(): boolean {
    return this.#left < 0;
  }

  #work(what: 'write' | 'check'): void {
    if (what === this.#fails && this.#left-- === 0) throw new Error('the world failed');
  }
}

const order = ['a1', 'a2', 'a3', 'a4', 'b2', 'b3', 'b4', 'c2', 'c3', 'c4'];
const good = ['a1', 'a2', 'a3', 'b2', 'c2', 'c3', 'c4'];

//               ┌─── c2 (the same coin) ── c3 (spends that) ────── c4
//   genesis ── a1 ── a2 (spends a coin) ── a3 (spends that) ────── a4 (claims too much)
//               └─── b2 (the same coin) ── b3 (claims too much) ── b4
/** The tree above. Everything is drawn, and nothing handed in. */
async function drawTree(world: World): Promise<Grove> {
  const grove = await plant({ database: world.disk, verifyAll: world.verifyAll });
  grove.draw('a1', { on: 'genesis' });
  const coin = grove.minted('a1');
  const [a, b, c] = [1, 2, 3].map((to) => pay([coin], { outputs: [outputTo(to, 5000n)] }));
  if (!a || !b || !c) throw new Error('there are three payments');
  grove.draw('a2', { on: 'a1', with: [a] });
  grove.draw('a3', { on: 'a2', with: [pay([ownOutput(a, 0, keyOf(1), 2)])] });
  grove.draw('a4', { on: 'a3', claim: tooMuch });
  grove.draw('b2', { on: 'a1', with: [b] });
  grove.draw('b3', { on: 'b2', claim: tooMuch });
  grove.draw('b4', { on: 'b3' });
  grove.draw('c2', { on: 'a1', with: [c] });
  grove.draw('c3', { on: 'c2', with: [pay([ownOutput(c, 0, keyOf(3), 2)])] });
  grove.draw('c4', { on: 'c3', with: [pay([grove.minted('c2')])] });
  return grove;
}

/** The heaviest valid block of those that are kept; of a3 and c3 the first that was seen. */
async function bestKept(grove: Grove): Promise<string> {
  for (const name of ['c4', 'a3', 'a2', 'a1']) if (await grove.entry(name)) return name;
  return 'genesis';
}

/** A failure is nobody's fault: it condemns none of the good blocks. */
async function expectGoodOnes(grove: Grove): Promise<void> {
  for (const name of good) expect((await grove.entry(name))?.isFailed, name).not.toBe(true);
}

test.each([
  // Two to begin, ten to keep blocks, nine to connect, five to disconnect, two to condemn; and of
  // the mempool one at the start, and four to follow. Without a restart nothing more is written.
  { fails: 'write', next: 'a restart', works: 33 },
  // Of each block with payments. Those of a2 and a3, which come back from b3, are known to hold.
  { fails: 'check', next: 'a restart', works: 6 },
  { fails: 'check', next: 'the next block', works: 6 },
] as const)('after any $fails that failed $next finds the heaviest valid chain', async (row) => {
  const calm = await drawTree(new World('nothing'));
  for (const name of order) await calm.submit(name);
  const expected = await stateOf(calm.database);

  for (let work = 0; work < row.works; work++) {
    const world = new World(row.fails, work);
    const grove = await drawTree(world).catch(() => drawTree(world));
    for (const name of order) {
      if (await grove.submit(name).catch(() => undefined)) continue;
      await expectGoodOnes(grove);
      if (row.next === 'a restart') {
        await grove.reopen();
        expect(grove.tip, `${name}, ${work}`).toBe(await bestKept(grove));
      }
      const again = await grove.submit(name);
      expect(isReject(again) && good.includes(name), `${name}, ${work}`).toBe(false);
      expect(grove.tip, `${name}, ${work}`).toBe(await bestKept(grove));
    }
    expect(world.isOver).toBe(true);
    await expectGoodOnes(grove);
    expect(await stateOf(grove.database), `at last, ${work}`).toBe(expected);
  }
  const world = new World(row.fails, row.works);
  const grove = await drawTree(world);
  for (const name of order) await grove.submit(name);
  expect([grove.tip, world.isOver]).toEqual(['c4', false]);
});

/** A signature engine that fails, or lies, where it is asked of the payments of one block. */
interface Engine {
  /** The name of that block. */
  on?: string;
  isLying?: boolean;
}

async function plantWithEngine(): Promise<{ grove: Grove; engine: Engine }> {
  const engine: Engine = {};
  const grove: Grove = await plant({
    verifyAll: async (checks) => {
      const ids = engine.on ? grove.block(engine.on).transactions.map(txid) : [];
      const hit = checks.find((check) => ids.some((id) => id === check.txid));
      if (hit && !engine.isLying) throw new Error('the engine broke');
      return hit ?? verifyAll(checks);
    },
  });
  return { grove, engine };
}

/** Hands in a block while the engine is broken for one, itself or another. */
async function submitInVain(grove: Grove, engine: Engine, name: string, on = name): Promise<void> {
  engine.on = on;
  await expect(grove.submit(name)).rejects.toThrow('the engine broke');
  delete engine.on;
}

//   genesis ── a1 ── a2
//               └─── b2 ── b3 (kept, but its turn failed) ── b4 (claims too much)
test('a heavier block that a failure held back is the tip when a bad one comes on it', async () => {
  const { grove, engine } = await plantWithEngine();
  await grove.mine('a1');
  await grove.mine('a2');
  await grove.mine('b2', { on: 'a1' });
  grove.draw('b3', { on: 'b2', with: [pay([grove.minted('b2')])] });
  await submitInVain(grove, engine, 'b3');
  expect(await grove.mine('b4', { on: 'b3', claim: tooMuch })).toBe('bad-cb-amount');
  expect(grove.tip).toBe('b3');
});

//   genesis ── a1 ── a2 (first) ── a3 (second)
//               └─── b2 ────────── b3 ────────── b4 (other) ── b5      the turns of both fail
test('what a failure cut short is told with the next block, to the mempool too', async () => {
  const { grove, engine } = await plantWithEngine();
  await grove.mine('a0');
  await grove.mine('a1');
  const outputs = [outputTo(1, 4_0000_0000n)];
  const first = pay([grove.minted('a1')], { outputs });
  const second = pay([ownOutput(first, 0, keyOf(1), 2)], { outputs: [outputTo(2, 3_0000_0000n)] });
  const other = pay([grove.minted('a0')], { outputs });
  await grove.pay(other);
  await grove.mine('a2', { with: [first] });
  await grove.mine('a3', { with: [second] });
  await grove.mine('b2', { on: 'a1' });
  await grove.mine('b3', { on: 'b2' });
  grove.draw('b4', { on: 'b3', with: [other, pay([grove.minted('b3')])] });
  grove.draw('b5', { on: 'b4', with: [pay([grove.minted('b4')])] });
  await submitInVain(grove, engine, 'b4');
  expect([grove.tip, grove.waiting]).toEqual(['b3', [other]]);
  await submitInVain(grove, engine, 'b5');
  expect([grove.tip, grove.waiting]).toEqual(['b4', [other]]);

  const blocks = (...names: readonly string[]) => names.map((name) => grove.block(name));
  expect(await grove.submit('b5')).toEqual({
    status: 'connected',
    disconnected: blocks('a3', 'a2'),
    connected: blocks('b2', 'b3', 'b4', 'b5'),
  });
  expect(grove.waiting).toEqual([first, second]);
  // Told once.
  grove.draw('b6');
  expect(await grove.submit('b6')).toMatchObject({ disconnected: [], connected: blocks('b6') });
});

//   genesis ── a1 ── a2 (pays) ── a3
//               └─── b2 ───────── b3 (claims too much) ── b4
test('a block that was valid is not condemned because a check is answered otherwise', async () => {
  const { grove, engine } = await plantWithEngine();
  await grove.mine('a1');
  await grove.mine('a2', { with: [pay([grove.minted('a1')])] });
  await grove.mine('a3');
  await grove.mine('b2', { on: 'a1' });
  await grove.mine('b3', { on: 'b2', claim: tooMuch });
  grove.draw('b4', { on: 'b3' });
  // Else what held once is not asked again.
  await grove.reopen();
  engine.on = 'a2';
  engine.isLying = true;
  await expect(grove.submit('b4')).rejects.toMatchObject({ code: 'damaged' });
  delete engine.on;
  await grove.reopen();
  expect(grove.tip).toBe('a3');
});

//               ┌─── c2 ── c3
//   genesis ── a1 ── a2 ── a3
//               └─── b2 ── b3 ── b4 (claims too much; a failure comes before its turn)
/** The tree above, with c2 and c3 or without, and the tip at a1 where the failure left it. */
async function leaveInVain(nonce: number, rivals: readonly string[]): Promise<Grove> {
  const { grove, engine } = await plantWithEngine();
  for (const name of ['a1', 'a2', 'a3']) await grove.mine(name);
  let on = 'a1';
  for (const name of rivals) {
    expect(await grove.mine(name, { on, nonce: nonce * 100 })).toBe('side');
    on = name;
  }
  await grove.mine('b2', { on: 'a1', with: [pay([grove.minted('a1')])] });
  await grove.mine('b3', { on: 'b2' });
  grove.draw('b4', { on: 'b3', claim: tooMuch, nonce: nonce * 100 });
  await submitInVain(grove, engine, 'b4', 'b2');
  expect(grove.tip).toBe('a1');
  return grove;
}

test('of equal branches the one that was left for a bad one is the tip again', async () => {
  // Hashes sort in either way among so many; it must not matter.
  for (let nonce = 0; nonce < 8; nonce++) {
    const grove = await leaveInVain(nonce, ['c2', 'c3']);
    expect(wordOf(await grove.submit('b4'))).toBe('duplicate-invalid');
    expect(grove.tip).toBe('a3');
  }
});

test('after a restart too, that branch comes before the good part of the bad one', async () => {
  for (let nonce = 0; nonce < 8; nonce++) {
    const grove = await leaveInVain(nonce, []);
    await grove.reopen();
    expect(grove.tip).toBe('a3');
    expect(wordOf(await grove.submit('b4'))).toBe('duplicate-invalid');
  }
});
