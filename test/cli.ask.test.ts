/** `getblock`, `gettx`, `history` and `mempool`, typed: what they tell, and what they refuse. */
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  addressOfWallet,
  ask,
  copyOf,
  grownFolder,
  lines,
  newFolder,
  refused,
} from './terminal.ts';
import { hasVectors, namesIn, startTally, vectorJson } from './vectors.ts';

const hash = expect.stringMatching(/^[0-9a-f]{64}$/);
const loss = expect.stringMatching(/^-\d+\.\d{8}$/);

interface Told {
  readonly hash: string;
  readonly confirmations?: number;
  readonly tx: readonly { readonly txid: string }[];
}

interface Happened {
  readonly txid: string;
  readonly height: number | null;
  readonly change: string;
}

/** Block 102 holds a payment from alice to bob; two more wait, the second behind the first. */
let grown: string;
let mined: string;
let parent: string;
let child: string;
beforeAll(async () => {
  grown = await grownFolder();
  const place = { datadir: grown };
  const pay = async (words: string) =>
    (await ask<{ txid: string }>(['send', '--to', 'bob', ...words.split(' ')], place)).txid;
  mined = await pay(`--from alice --amount 1.25 --memo ${'lunch-'.repeat(13)} --mine`);
  const [taproot = ''] = await lines(['newaddress', 'bob', '--taproot'], place);
  parent = (
    await ask<{ txid: string }>(
      ['send', '--from', 'alice', '--to', taproot, '--amount', 'all', '--fee-rate', '2'],
      place,
    )
  ).txid;
  child = await pay('--from bob --amount 60 --fee-rate 5.125');
});

/** The answer for people, each line of which fits a terminal. */
async function told(words: string, datadir = grown): Promise<readonly string[]> {
  const answer = await lines(words.split(' '), { datadir });
  expect(answer.filter((line) => [...line].length > 80)).toEqual([]);
  expect(answer.at(-1)).not.toBe('');
  return answer;
}

const asked = <T>(words: string, datadir = grown) => ask<T>(words.split(' '), { datadir });

describe('getblock', () => {
  test('tells a block as printchain does, by its height or its hash', async () => {
    const [at, printed, json] = [
      await told('getblock 101'),
      await told('printchain --from 101 --limit 1'),
      await asked<Told>('getblock 101'),
    ];
    expect(at).toEqual(printed);
    expect(await told(`getblock ${json.hash}`)).toEqual(at);
    expect(await told(`getblock ${json.hash.toUpperCase()}`)).toEqual(at);
    expect(json).toMatchObject({ height: 101, confirmations: 2, nTx: 1, nextblockhash: hash });
  });

  test('puts below what is too long for a line', async () => {
    expect(await told('getblock 102')).toEqual(
      expect.arrayContaining([
        `  ${mined}`,
        `    to          1.25000000  ${addressOfWallet('bob', grown)}`,
        '    memo',
        `        "${'lunch-'.repeat(13)}`.slice(0, 80),
      ]),
    );
  });

  test('knows the first block and the last', async () => {
    expect(await asked('getblock 0')).toMatchObject({
      height: 0,
      confirmations: 103,
      nextblockhash: hash,
      tx: [{ vout: [{ value: '50.00000000', scriptPubKey: { type: 'pubkey' } }] }],
    });
    expect(await asked('getblock 0')).not.toHaveProperty('previousblockhash');
    expect((await told('getblock 0'))[0]).toBe('block 0');
    expect(await asked('getblock 102')).not.toHaveProperty('nextblockhash');
  });

  test('knows a block of a side branch, by its hash alone', async () => {
    const [datadir, other] = [copyOf(grown), copyOf(grown)];
    const [left] = await asked<readonly string[]>('mine --to alice', datadir);
    const hashes = await asked<readonly string[]>('mine --blocks 2 --to bob', other);
    const file = join(newFolder(), 'blocks');
    await lines(['export', file], { datadir: other });
    await lines(['import', file], { datadir });
    expect(await asked(`getblock ${left}`, datadir)).toMatchObject({
      hash: left,
      height: 103,
      confirmations: -1,
    });
    expect((await told(`getblock ${left}`, datadir))[0]).toBe('block 103, on a side branch');
    expect(await asked('getblock 103', datadir)).toMatchObject({ hash: hashes[0] });
    // Its payments are those of the other branch too; its coinbase is nowhere.
    const [coinbase] = (await asked<Told>(`getblock ${left}`, datadir)).tx;
    await refused(['gettx', coinbase?.txid ?? ''], { datadir }, 'not-found', 'only the active');
  });
});

describe('gettx', () => {
  test('tells what a payment moves, what it pays, and in which block it is', async () => {
    const { hash: block } = await asked<Told>('getblock 102');
    const answer = await told(`gettx ${mined}`);
    expect(answer.slice(0, 4)).toEqual([
      `transaction ${mined}`,
      '  block   102, 1 confirmation',
      `  hash    ${block}`,
      expect.stringMatching(/^ {2}time {4}20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC$/),
    ]);
    expect(answer).toContain('  fee     0.00000231, 1.000 units a virtual byte');
    expect(answer).toContain(`    from       50.00000000  ${addressOfWallet('alice', grown)}`);
    expect(await asked(`gettx ${mined}`)).toMatchObject({ blockhash: block, confirmations: 1 });
    expect(await told(`gettx ${mined.toUpperCase()}`)).toEqual(answer);
  });

  test('tells of a payment that waits, and of the coins that another one made for it', async () => {
    const answer = await told(`gettx ${child}`);
    expect(answer[1]).toMatch(/^ {2}waits {3}since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
    expect(answer.join('\n')).toMatch(/\n {2}fee {5}0\.\d{8}, 5\.1\d\d units a virtual byte\n/);
    // An address of this kind goes below.
    expect(answer.join('\n')).toMatch(/\n {4}from +\d+\.\d{8}\n {8}bcrt1p\w{58}\n/);
    expect(await asked(`gettx ${child}`)).toMatchObject({
      txid: child,
      vin: expect.arrayContaining([expect.objectContaining({ txid: parent, vout: 0 })]),
    });
    expect(await asked(`gettx ${child}`)).not.toHaveProperty('confirmations');
  });

  test('tells of a coinbase, that of the genesis block too', async () => {
    const [coinbase] = (await asked<Told>('getblock 5')).tx;
    const answer = await told(`gettx ${coinbase?.txid}`);
    expect(answer[1]).toBe('  block   5, 98 confirmations');
    expect(answer.join('\n')).not.toContain('fee');
    const [genesis] = (await asked<Told>('getblock 0')).tx;
    expect(await asked(`gettx ${genesis?.txid}`)).toMatchObject({ confirmations: 103 });
  });
});

describe('history', () => {
  test('of a wallet tells what waits first, then blocks, the newest first', async () => {
    const all = await asked<readonly Happened[]>('history alice');
    expect(all.slice(0, 2)).toEqual([
      { txid: parent, height: null, time: expect.any(Number), change: loss, confirmations: 0 },
      { txid: mined, height: 102, time: expect.any(Number), change: loss, confirmations: 1 },
    ]);
    // The coinbase of the block that `--mine` made is hers, and lies above the payment in it.
    expect(all.map(({ height }) => height)).toEqual([
      null,
      102,
      102,
      ...Array.from({ length: 101 }, (_, i) => 101 - i),
    ]);
    expect(all[2]).toMatchObject({ change: '50.00000231' });
    expect(all.slice(3).every(({ change }) => change === '50.00000000')).toBe(true);
    expect(await asked('history alice --limit 2')).toEqual(all.slice(0, 2));
    expect(await asked('history alice --limit 3')).toEqual(all.slice(0, 3));
  });

  test('merges the addresses of a wallet, so that its own change is none', async () => {
    // 1.25 and the fee went; that 48.75 came back to another address of hers is no event.
    const events = await asked<readonly Happened[]>('history alice');
    expect(events.find(({ txid }) => txid === mined)?.change).toBe('-1.25000231');
    const first = addressOfWallet('alice', grown);
    const alone = await asked<readonly Happened[]>(`history ${first}`);
    expect(alone.find(({ txid }) => txid === mined)?.change).toBe('-50.00000000');
  });

  test('keeps to the order of a block, whichever of the addresses is touched', async () => {
    const datadir = copyOf(grown);
    const [to = ''] = await lines(['newaddress', 'bob', '--taproot'], { datadir });
    await lines(['mine', '--to', to], { datadir });
    const { tx } = await asked<Told>('getblock 103', datadir);
    const inBlock = tx.map(({ txid }) => txid).toReversed();
    expect(inBlock.slice(0, 2)).toEqual([child, parent]);
    const all = await asked<readonly Happened[]>('history bob', datadir);
    expect(all.map(({ txid }) => txid)).toEqual([...inBlock, mined]);
    for (const limit of [1, 2, 3]) {
      const some = await asked(`history bob --limit ${limit}`, datadir);
      expect(some).toEqual(all.slice(0, limit));
    }
  });

  test('adds up to the balance', async () => {
    for (const who of ['alice', 'bob']) {
      const { total } = await asked<{ total: string }>(`getbalance ${who}`);
      const changes = await asked<readonly Happened[]>(`history ${who}`);
      const sum = changes.reduce((all, { change }) => all + BigInt(change.replace('.', '')), 0n);
      expect(sum).toBe(BigInt(total.replace('.', '')));
    }
  });

  test('is a table for people, with signs', async () => {
    const [head, first, id, ...rest] = await told('history bob');
    expect(head).toMatch(/^UTC +block +change$/);
    expect(first).toMatch(/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d +waiting +-0\.\d{8}$/);
    expect(id).toBe(`  ${child}`);
    expect(rest[2]).toMatch(/ 102 +\+1\.25000000$/);
    expect(rest[3]).toBe(`  ${mined}`);
    expect(rest.length).toBe(4);
  });

  test('of an address that nothing has touched is empty', async () => {
    const unused = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
    expect(await asked(`history ${unused}`)).toEqual([]);
    expect(await lines(['history', unused], { datadir: grown })).toEqual(['']);
  });
});

describe('mempool', () => {
  test('tells what waits, those that pay most first', async () => {
    const answer = await told('mempool');
    expect(answer).toEqual([
      'waiting     2 payments',
      expect.stringMatching(/^size {8}\d+ virtual bytes$/),
      expect.stringMatching(/^fees {8}0\.\d{8}$/),
      'least rate  1.000 units a virtual byte',
      expect.stringMatching(new RegExp(`^5\\.1\\d\\d {2}${child}$`)),
      expect.stringMatching(new RegExp(`^2\\.0\\d\\d {2}${parent}$`)),
    ]);
  });

  test('tells programs how payments hang together', async () => {
    const { transactions, ...info } = await asked<{ transactions: object }>('mempool');
    expect(info).toMatchObject({ size: 2, mempoolminfee: '0.00001000', fullrbf: true });
    expect(transactions).toMatchObject({
      [parent]: { depends: [], spentby: [child], ancestorcount: 1, descendantcount: 2 },
      [child]: { depends: [parent], spentby: [], ancestorcount: 2, descendantcount: 1 },
    });
  });

  test('says that nothing waits', async () => {
    expect((await told('mempool', newFolder()))[0]).toBe('waiting     0 payments');
    expect(await asked('mempool', newFolder())).toMatchObject({ size: 0, transactions: {} });
  });
});

test('without indexes blocks and what waits are still told, and the rest is refused', async () => {
  const datadir = copyOf(grown);
  await lines(['reindex', '--no-index'], { datadir });
  expect(await asked('getblock 102', datadir)).toMatchObject({ height: 102 });
  expect(await asked(`gettx ${child}`, datadir)).toMatchObject({ txid: child });
  expect(await asked('mempool', datadir)).toMatchObject({ size: 2 });
  await refused(['gettx', mined], { datadir }, 'no-index', 'chain reindex --only-index');
  await refused(['history', 'alice'], { datadir }, 'no-index', 'chain reindex --only-index');
});

const tally = startTally("fields of Bitcoin Core's answers");

describe.skipIf(!hasVectors)("the fields are those of Bitcoin Core's answer", () => {
  /** There are no clusters here: what waits is bounded by its ancestors and descendants. */
  const clusters = /^(limitclustercount|limitclustersize|chunkweight|fees\.chunk)$/;

  const expectSame = (sample: unknown, answer: unknown, leftOut?: RegExp) => {
    const names = namesIn(sample).filter((name) => !leftOut?.test(name));
    expect(names.length < namesIn(sample).length).toBe(leftOut !== undefined);
    expect(namesIn(answer)).toEqual(names);
    tally(`${names.length}`);
  };
  const sample = (name: string) => vectorJson<object>(`rpc/samples/${name}.json`);

  test('to getblock with verbosity 2', async () => {
    expectSame(sample('getblock2'), await asked('getblock 102'));
  });

  test('to getrawtransaction with verbosity 1, in a block and waiting', async () => {
    expectSame(sample('getrawtransaction1'), await asked(`gettx ${mined}`));
    expectSame(sample('getrawtransaction_mempool'), await asked(`gettx ${child}`));
  });

  test('to getmempoolinfo and getrawmempool', async () => {
    const { transactions, ...info } = await asked<{ transactions: object }>('mempool');
    expectSame(sample('getmempoolinfo'), info, clusters);
    const entries = Object.values(sample('getrawmempool_true'));
    expectSame(entries, Object.values(transactions), clusters);
    expectSame([sample('getmempoolentry')], Object.values(transactions), clusters);
  });
});
