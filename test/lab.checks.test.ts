/** The checks of the lab: each has a case that it catches, and one that it lets pass. */
import { expect, test } from 'vitest';
import { coins as coinTable } from '../src/chain/tables.ts';
import { isReject } from '../src/consensus/reject.ts';
import { areOnOneTip, Checks, checkCoins, lostPayments } from '../src/lab/checks.ts';
import { demandLedger, type Ledger } from '../src/lab/ledger.ts';
import { pressBlock } from '../src/lab/press.ts';
import type { SimNode } from '../src/lab/simnode.ts';
import { walk } from '../src/lab/sorted.ts';
import { Violation } from '../src/lab/violation.ts';
import { Node } from '../src/node/node.ts';
import type { Block } from '../src/primitives/block.ts';
import { parseHash } from '../src/primitives/codec.ts';
import type { NamedCoin } from '../src/primitives/coin.ts';
import { grind } from './forge.ts';
import { Stage } from './lab.stage.ts';

/** A node of some blocks, and the checks that saw it connect them. */
async function watched() {
  const stage = new Stage();
  const checks = new Checks(stage.ledgers);
  const blocks: Block[] = [];
  const node = await stage.node('a', {
    watcher: {
      onEvent: (heard, event) => {
        checks.hear(heard, event);
        if (event.kind === 'block') blocks.push(event.block);
      },
    },
  });
  await stage.minutes(3);
  node.stopMining();
  const { host } = node;
  if (!host) throw new Error('the node is down');
  const ledger = demandLedger(stage.ledgers.get(stage.ledgers.best.hash) ?? stage.ledgers.genesis);
  return { stage, checks, node, host, blocks, ledger };
}

test('a node that keeps the rules passes every check', async () => {
  const { stage, checks, host, blocks } = await watched();
  expect(blocks.length).toBeGreaterThan(5);
  await checks.checkBoot('a', host);
  await checks.checkWhole('a', host, stage.signatures.verifyAll);
});

test('the ledgers refuse what the rules do, and a block without a parent', async () => {
  const { stage, ledger } = await watched();
  const { ledgers, params, chance } = stage;
  const judge = (block: Block) => {
    const answer = ledgers.add(block);
    return isReject(answer) ? answer.reason : 'good';
  };
  const good = pressBlock(ledger, params, chance);
  expect(judge(pressBlock(ledger, params, chance, { excess: 1n }))).toBe('bad-cb-amount');
  expect(judge({ ...good, transactions: [] })).toBe('bad-txnmrklroot');
  expect(judge({ ...good, header: { ...good.header, bits: 0x1d00_ffff } })).toBe('high-hash');
  expect(judge(good)).toBe('good');
  const fresh = new Stage();
  const answer = fresh.ledgers.add(good);
  expect(isReject(answer) && answer.reason).toBe('prev-blk-not-found');
});

test('a node that connects a block against the rules is caught', async () => {
  const { stage, checks, node, host, ledger } = await watched();
  const block = pressBlock(ledger, stage.params, stage.chance, { excess: 1n });
  const event = { kind: 'block', block, height: ledger.height + 1 } as const;
  expect(() => checks.hear({ name: 'a', host }, event)).toThrow(/a connected .*bad-cb-amount/);
  const good = pressBlock(ledger, stage.params, stage.chance);
  const above = { kind: 'block', block: good, height: ledger.height + 2 } as const;
  expect(() => checks.hear(node, above)).toThrow(/it is at height/);
});

test('a node that leaves a branch for one without more work is caught', async () => {
  const { checks, node, blocks } = await watched();
  const last = blocks.at(-1);
  if (!last) throw new Error('there are no blocks');
  const again = { kind: 'block', block: last, height: blocks.length } as const;
  expect(() => checks.hear(node, again)).toThrow(/without more work/);
});

test('a node that lost a block in a crash is caught, and so is one that lost its tip', async () => {
  const { stage, checks, node, blocks } = await watched();
  const disk = node.disk.copy();
  const before = await openOn(stage, node);
  await checks.checkBoot('a', before);
  const last = blocks.at(-1);
  if (!last) throw new Error('there are no blocks');
  const next = pressBlock(stage.ledgers.best, stage.params, stage.chance);
  expect(isReject(await before.submitBlock(next))).toBe(false);
  checks.hear(
    { name: 'a', host: before },
    { kind: 'block', block: next, height: blocks.length + 1 },
  );
  const older = await openOn(stage, { ...node, disk });
  await expect(checks.checkBoot('a', older)).rejects.toThrow(/a lost block/);
  const other = new Checks(stage.ledgers);
  await other.checkBoot('b', before);
  await expect(other.checkBoot('b', older)).rejects.toThrow(/came back with a tip of less work/);
});

/** The node as it would be if it were started on its disk now. */
function openOn({ params, signatures }: Stage, { disk }: Pick<SimNode, 'disk'>): Promise<Node> {
  return Node.open({
    database: disk.copy().boot(),
    checksum: () => 0,
    random: (length) => new Uint8Array(length),
    params,
    verifyAll: signatures.verifyAll,
    now: () => 1_800_000_000,
    search: async () => undefined,
  });
}

test('a coin too many, too few or of another amount is caught, and so is a false sum', async () => {
  const { ledger } = await watched();
  const coins = coinsOf(ledger);
  const [first, ...rest] = coins;
  if (!first) throw new Error('there are no coins');
  checkCoins('a', coins, ledger);
  expect(() => checkCoins('a', rest, ledger)).toThrow(/coins of/);
  const richer = { ...first, coin: { ...first.coin, amount: first.coin.amount + 1n } };
  expect(() => checkCoins('a', [richer, ...rest], ledger)).toThrow(/which is not/);
  expect(() => checkCoins('a', [...coins, first], ledger)).toThrow(Violation);
  const poorer = { ...ledger, supply: ledger.supply - 1n };
  expect(() => checkCoins('a', coins, poorer)).toThrow(/were made/);
});

function coinsOf({ coins }: Ledger): readonly NamedCoin[] {
  return Array.from(walk(coins), ([name, coin]) => {
    const [id = '', index = ''] = name.split(':');
    return { outPoint: { txid: parseHash(id), index: Number(index) }, coin };
  });
}

test('a record that is gone from a table of a node is caught', async () => {
  const { stage, checks, host, node } = await watched();
  const store = host.chain.store;
  const [coin] = await store.coinsOf(node.purse.script);
  if (!coin) throw new Error('there are no coins');
  const { key } = coinTable.put(coin.outPoint, coin.coin);
  await host.chain.guard.batch([{ type: 'del', key }], { sync: true });
  await expect(checks.checkWhole('a', host, stage.signatures.verifyAll)).rejects.toThrow(Violation);
});

test('a tip that nobody saw is caught', async () => {
  const { stage, host } = await watched();
  const blind = new Checks(new Stage().ledgers);
  await expect(blind.checkWhole('a', host, stage.signatures.verifyAll)).rejects.toThrow(
    /nobody saw/,
  );
});

test('nodes are on one tip if they are up and have the same', async () => {
  const stage = new Stage();
  const [one, two] = [await stage.node('a'), await stage.node('b', { isIdle: true })];
  expect(areOnOneTip([one, two])).toBe(true);
  await stage.minutes(2);
  expect(areOnOneTip([one, two])).toBe(false);
  two.crash('kill');
  expect(areOnOneTip([two])).toBe(false);
});

test('a payment is lost that neither is mined nor waits everywhere, but could', async () => {
  const { stage, node, host } = await watched();
  const other = await stage.node('b', { isIdle: true });
  const { best } = stage.ledgers;
  const at = { tip: best, params: stage.params };
  const payment = await stage.clock.finish(node.pay(other));
  if (!payment) throw new Error('nothing was paid');
  expect(lostPayments([payment], [node], at)).toEqual([]);
  expect(lostPayments([payment], [node, other], at)).toEqual([payment]);
  expect(lostPayments([payment], [other], at)).toEqual([payment]);
  // On a branch where its coin was never made nobody can hold it.
  const genesis = { ...at, tip: stage.ledgers.genesis };
  expect(lostPayments([payment], [other], genesis)).toEqual([]);
  const block = await host.template(node.purse.script, 0);
  const mined = demandLedger(stage.ledgers.add(grindIn(block)));
  expect(lostPayments([payment], [other], { ...at, tip: mined })).toEqual([]);
  // Where it is in no block and its coin is spent, another one took it.
  const spent = { ...mined, txids: best.txids };
  expect(lostPayments([payment], [other], { ...at, tip: spent })).toEqual([]);
});

function grindIn(block: Block): Block {
  return { ...block, header: grind(block.header) };
}
