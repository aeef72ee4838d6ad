/** JSON-RPC: verdicts on blocks, what becomes of the tips, waiting for blocks, looking again. */
import { beforeEach, expect, test } from 'vitest';
import { coins, entries, undos } from '../src/chain/tables.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { outputTo, pay } from './forge.ts';
import { type Asked, plantAsked } from './rpc.ts';

let asked: Asked;
const hash = (name: string) => hashHeader(asked.grove.block(name).header);
const missing = '0'.repeat(63).concat('1');

//   genesis ── a1 ── a2 ── a3
//               └─── b2
beforeEach(async () => {
  asked = await plantAsked();
  const { grove } = asked;
  await grove.mine('a1');
  const coin = grove.minted('a1');
  await grove.mine('a2', { with: [pay([coin], { outputs: [outputTo(1, 49_0000_0000n)] })] });
  await grove.mine('b2', { on: 'a1' });
  await grove.mine('a3', { on: 'a2' });
});

const statusOf = async (name: string) => {
  const tips = await asked.call('getchaintips');
  const found = Array.isArray(tips) && tips.find((tip) => tip.hash === hash(name));
  return found ? `${found.status} ${found.branchlen}` : undefined;
};

test('verdicts are given and taken back', async () => {
  const { call } = asked;
  expect(await call('invalidateblock', hash('a2'))).toBeNull();
  expect(await call('getbestblockhash')).toBe(hash('b2'));
  expect(await call('preciousblock', hash('b2'))).toBeNull();
  expect(await call('reconsiderblock', hash('a2'))).toBeNull();
  expect(await call('getbestblockhash')).toBe(hash('a3'));
});

test.each(['invalidateblock', 'reconsiderblock', 'preciousblock'])(
  '%s asks for a block that is known',
  async (name) => {
    const { call } = asked;
    expect(await call(name, missing)).toBe('-5: Block not found');
    expect(await call(name, 'aa')).toMatch(/^-8: blockhash must be of length 64 \(not 2/);
    expect(await call(name, 1)).toMatch(/^-3: Wrong type passed/);
    expect(await call(name)).toMatch(new RegExp(`^-1: ${name} "blockhash"\n`));
  },
);

test('genesis cannot be invalidated', async () => {
  const genesis = hashHeader(asked.grove.params.genesis.header);
  expect(await asked.call('invalidateblock', genesis)).toMatch(/^-8: The genesis block/);
  expect(await asked.call('getblockcount')).toBe(3);
});

test('a tip is told by what became of it', async () => {
  const { call, grove } = asked;
  expect(await statusOf('b2')).toBe('valid-headers 1');
  await call('invalidateblock', hash('a2'));
  expect([await statusOf('a3'), await statusOf('b2')]).toEqual(['invalid 2', 'active 0']);
  await call('reconsiderblock', hash('a2'));
  expect([await statusOf('a3'), await statusOf('b2')]).toEqual(['active 0', 'valid-fork 1']);
  await grove.reopen();
  expect(await statusOf('b2')).toBe('valid-fork 1');
  // What came on it was never judged in full.
  await grove.mine('b3', { on: 'b2' });
  expect(await statusOf('b3')).toBe('valid-headers 2');
});

test('waiting for a new block ends with the next one', async () => {
  const { call, grove } = asked;
  const waiting = call('waitfornewblock');
  await grove.mine('c2', { on: 'a1' });
  await grove.mine('a4', { on: 'a3' });
  expect(await waiting).toEqual({ hash: hash('a4'), height: 4 });
  expect(await call('waitfornewblock', 0, hash('a3'))).toEqual({ hash: hash('a4'), height: 4 });
});

test('waiting for one block or one height ends with that', async () => {
  const { call, grove } = asked;
  grove.draw('a4');
  grove.draw('a5', { on: 'a4' });
  const forBlock = call('waitforblock', hash('a5'));
  const forHeight = call('waitforblockheight', 5);
  expect(await call('waitforblockheight', 3)).toEqual({ hash: hash('a3'), height: 3 });
  expect(await call('waitforblock', hash('a3'))).toEqual({ hash: hash('a3'), height: 3 });
  await grove.submit('a4');
  await grove.submit('a5');
  const last = { hash: hash('a5'), height: 5 };
  expect([await forBlock, await forHeight]).toEqual([last, last]);
});

test('waiting ends with the time, with the node, or with whoever asked', async () => {
  const { call, clock, stopping, post } = asked;
  const tip = { hash: hash('a3'), height: 3 };
  const timed = call('waitforblockheight', 9, 100);
  await clock.watched();
  clock.pass(99);
  expect(clock.waiting).toBe(1);
  clock.pass(1);
  expect(await timed).toEqual(tip);
  const client = new AbortController();
  const left = post('{"method":"waitfornewblock"}', client.signal);
  client.abort();
  expect((await left).status).toBe(200);
  const stopped = [call('waitfornewblock'), call('waitforblock', missing, 5)];
  stopping.abort();
  expect(await Promise.all(stopped)).toEqual([tip, tip]);
  expect(clock.waiting).toBe(0);
});

test('waiting is refused for less than no time', async () => {
  const { call } = asked;
  expect(await call('waitfornewblock', -1)).toBe('-1: Negative timeout');
  expect(await call('waitforblock', missing, -1)).toBe('-1: Negative timeout');
  expect(await call('waitforblockheight', 1, -1)).toBe('-1: Negative timeout');
  expect(await call('waitforblockheight')).toMatch(/^-1: waitforblockheight height \( timeout \)/);
  expect(await call('waitforblockheight', 'x')).toMatch(/^-3: /);
});

test.each([0, 1, 2, 3, 4])('the last blocks are whole on level %i', async (level) => {
  expect(await asked.call('verifychain', level, 0)).toBe(true);
  expect(await asked.call('verifychain', level)).toBe(true);
  expect(await asked.call('verifychain')).toBe(true);
});

test('the last blocks are found wanting by the level that looks there', async () => {
  const { call, grove, warnings } = asked;
  const { guard } = grove.node.chain;
  const entry = await grove.entry('a2');
  if (!entry) throw new Error('a2 is known');
  const [spent] = await grove.node.chain.store.undo(entry);
  if (!spent) throw new Error('a2 spends a coin');
  const coin = { ...spent, coin: { ...spent.coin, height: 2 } };
  const sync = { sync: true };
  // A coin that matures a block later could not have been spent there.
  await guard.batch([undos.put({ height: 2, hash: hash('a2') }, [coin])], sync);
  expect(await call('verifychain', 1, 2)).toBe(true);
  expect(await call('verifychain', 2, 1)).toBe(true);
  expect(await call('verifychain', 2, 2)).toBe(false);
  expect(warnings).toEqual([expect.stringContaining(`block ${hash('a2')} at height 2`)]);
  await guard.batch([undos.put({ height: 2, hash: hash('a2') }, [spent])], sync);
  await guard.batch([entries.put(hash('a2'), { ...entry, transactions: 9 })], sync);
  expect(await call('verifychain', 0, 2)).toBe(true);
  expect(await call('verifychain', 1, 2)).toBe(false);
});

test('the last blocks are found wanting where a coin of theirs is lost', async () => {
  const { call, grove } = asked;
  const { outPoint } = grove.minted('a3');
  await grove.node.chain.guard.batch([coins.del(outPoint)], { sync: true });
  expect(await call('verifychain', 2, 1)).toBe(true);
  expect(await call('verifychain', 3, 1)).toBe(false);
});

test('looking again ends when the node stops', async () => {
  asked.stopping.abort();
  expect(await asked.call('verifychain', 4, 0)).toBe('-9: Shutting down');
});
