/** The main job, typed: make wallets, mine, pay, look. Every command is a process of its own. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { main, regtest } from '../src/consensus/params.ts';
import { formatAmount, parseAmount } from '../src/primitives/amount.ts';
import {
  addressOfWallet,
  ask,
  copyOf,
  firstAddress,
  grownFolder,
  lines,
  newFolder,
  type PrintedBalance,
  type PrintedBlock,
  run,
  walletFiles,
} from './terminal.ts';

let grown: string;
beforeAll(async () => {
  grown = await grownFolder();
});

async function balance(datadir: string, ...words: readonly string[]): Promise<PrintedBalance> {
  return await ask(['getbalance', ...words], { datadir });
}

async function newest(datadir: string): Promise<PrintedBlock> {
  const [block] = await ask<readonly PrintedBlock[]>(['printchain', '--limit', '1'], { datadir });
  if (!block) throw new Error('there is no block');
  return block;
}

/** The coins that a block's payments spend, by name. */
function spentIn(block: PrintedBlock): readonly string[] {
  return block.tx.slice(1).flatMap(({ vin }) => vin.map(({ txid, vout }) => `${txid}:${vout}`));
}

test.concurrent('a wallet is called as asked, or by the first number that is free', async () => {
  const datadir = newFolder();
  const [address, words = '', ...more] = await lines(['createwallet', '--label', 'a.b'], {
    datadir,
  });
  await lines(['createwallet'], { datadir });
  await lines(['createwallet'], { datadir });
  expect([...walletFiles(datadir).keys()]).toEqual(['a.b.json', 'wallet-1.json', 'wallet-2.json']);
  expect(more).toEqual([]);
  expect(words.split(' ')).toHaveLength(12);
  expect(address).toBe(firstAddress(words, regtest));
});

test.concurrent('only their owner can read wallets, or see which there are', async () => {
  const datadir = join(newFolder(), 'not', 'there');
  await lines(['createwallet', '--label', 'alice'], { datadir });
  const mode = (...path: readonly string[]) => statSync(join(datadir, ...path)).mode & 0o777;
  expect(mode('regtest', 'wallets', 'alice.json')).toBe(0o600);
  expect([mode(), mode('regtest'), mode('regtest', 'wallets')]).toEqual([0o700, 0o700, 0o700]);
});

describe.concurrent('the main job', () => {
  test('a payment is mined with its fee, and every coin is accounted for', async () => {
    const datadir = copyOf(grown);
    const words = ['send', '--from', 'alice', '--to', 'bob', '--amount', '1.25', '--mine'];
    const { stdout, stderr, code } = await run(words, { datadir });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[0-9a-f]{64}\n$/);
    expect(stderr).toMatch(/^Paid 1\.25000000 and a fee of 0\.00000141\.\nIt is in block 102, /);

    const block = await newest(datadir);
    expect(block.tx.map(({ txid, fee }) => [txid, fee]).slice(1)).toEqual([
      [stdout.trim(), '0.00000141'],
    ]);
    expect(await balance(datadir, 'bob')).toEqual({
      confirmed: '1.25000000',
      pending: '0.00000000',
      immature: '0.00000000',
      total: '1.25000000',
    });
    // The fee came back to alice, who mined: in all there is what 102 blocks minted.
    const all = await balance(datadir);
    expect(all.total).toBe('5100.00000000');
    expect((await balance(datadir, 'alice')).total).toBe('5098.75000000');
    const bob = addressOfWallet('bob', datadir);
    expect((await balance(datadir, bob)).total).toBe('1.25000000');
    expect((await balance(datadir, '--address', bob)).total).toBe('1.25000000');
  });

  test('the chain is printed newest first, from any height, as long as asked', async () => {
    const datadir = copyOf(grown);
    const heights = async (...words: readonly string[]) => {
      const said = await lines(['printchain', ...words], { datadir });
      return said.filter((line) => line.startsWith('block ')).map((line) => Number(line.slice(6)));
    };
    expect(await heights()).toEqual([101, 100, 99, 98, 97, 96, 95, 94, 93, 92]);
    expect(await heights('--from', '2')).toEqual([2, 1, 0]);
    expect(await heights('--from', '50', '--limit', '2')).toEqual([50, 49]);
    expect(await heights('--from', '9999', '--limit', '1')).toEqual([101]);
    expect(await heights('--all', '--limit', '200')).toHaveLength(102);
  });

  test('each block is printed with its parent, its size and whom it paid', async () => {
    const datadir = copyOf(grown);
    const words = ['printchain', '--from', '1', '--limit', '1'];
    const [block] = await ask<readonly PrintedBlock[]>(words, { datadir });
    const alice = addressOfWallet('alice', datadir);
    const said = await lines(words, { datadir });
    expect(said.slice(0, 3)).toEqual([
      'block 1',
      `  hash    ${block?.hash}`,
      `  parent  ${block?.previousblockhash}`,
    ]);
    expect(said.join('\n')).toMatch(/\n {2}size {4}\d+ bytes, 1 transaction\n/);
    expect(said.join('\n')).toMatch(new RegExp(`\n {4}mint {7}50\\.00000000 {2}${alice}$`));
  });

  test('status tells the height and the tip that printchain tells', async () => {
    const datadir = copyOf(grown);
    const said = await lines(['status'], { datadir });
    const block = await newest(datadir);
    expect(said).toContain('height      101');
    expect(said).toContain(`hash        ${block.hash}`);
    expect(said).toContain('mempool     0 waiting');
  });
});

test.concurrent('on main two blocks are mined, and stay', async () => {
  const place = { datadir: newFolder(), env: { CHAIN_NETWORK: 'main' } };
  const [address] = await lines(['createwallet', '--label', 'alice'], place);
  const hashes = await lines(['mine', '--blocks', '2'], place);
  const blocks = await ask<readonly PrintedBlock[]>(['printchain'], place);
  expect(blocks.map(({ hash }) => hash).slice(0, 2)).toEqual(hashes.toReversed());
  expect(blocks[0]?.tx[0]?.vout[0]?.scriptPubKey.address).toBe(address);
  expect(address?.startsWith(`${main.prefix}1q`)).toBe(true);
  expect((await ask<PrintedBalance>(['getbalance'], place)).immature).toBe('100.00000000');
});

describe.concurrent('payments that wait', () => {
  test('never share a coin, may spend change, and are mined by a later process', async () => {
    const datadir = copyOf(grown);
    // Two coins of 50: the third payment can only spend what comes back from the others.
    const ids: string[] = [];
    for (const amount of ['30', '30', '30']) {
      const said = await run(['send', '--from', 'alice', '--to', 'bob', '--amount', amount], {
        datadir,
      });
      expect(said).toMatchObject({ code: 0, stderr: expect.stringContaining('It waits here') });
      ids.push(said.stdout.trim());
    }
    expect((await balance(datadir, 'bob')).pending).toBe('90.00000000');
    expect(await ask(['status'], { datadir })).toMatchObject({ height: 101, mempool: 3 });

    await lines(['mine', '--to', 'alice'], { datadir });
    const block = await newest(datadir);
    expect(new Set(block.tx.slice(1).map(({ txid }) => txid))).toEqual(new Set(ids));
    expect(new Set(spentIn(block)).size).toBe(spentIn(block).length);
    expect(spentIn(block).some((coin) => ids.includes(coin.split(':')[0] ?? ''))).toBe(true);
    expect((await balance(datadir, 'bob')).confirmed).toBe('90.00000000');
    expect(await ask(['status'], { datadir })).toMatchObject({ height: 102, mempool: 0 });
  });
});

describe.concurrent('a payment', () => {
  /** Pays from alice, and mines a block with it; answers the payment in it. */
  async function paid(datadir: string, ...words: readonly string[]) {
    await lines(['send', ...words, '--mine'], { datadir });
    const [, payment] = (await newest(datadir)).tx;
    if (!payment) throw new Error('the block holds no payment');
    return payment;
  }

  test('of all leaves nothing that could be spent', async () => {
    const datadir = copyOf(grown);
    const words = ['--from', 'alice', '--to', 'bob', '--amount', 'all'];
    const { vin, vout, fee = '' } = await paid(datadir, ...words);
    expect([vin.length, vout.length]).toEqual([2, 1]);
    const rest = formatAmount(parseAmount('100') - parseAmount(fee));
    expect(vout[0]?.value).toBe(rest);
    expect((await balance(datadir, 'bob')).total).toBe(rest);
  });

  test('carries a memo and the fee rate that was asked for', async () => {
    const datadir = copyOf(grown);
    const words = ['--from', 'alice', '--to', 'bob', '--amount', '1', '--fee-rate', '2.5'];
    const { vout, fee } = await paid(datadir, ...words, '--memo', 'für Käse');
    const hex = Buffer.from('für Käse').toString('hex');
    expect(vout.map(({ value, scriptPubKey }) => [value, scriptPubKey.asm])).toContainEqual([
      '0.00000000',
      `OP_RETURN ${hex}`,
    ]);
    // 141 virtual bytes and a memo of 8 + 1 + 2 + 10, at 2.5.
    expect(fee).toBe('0.00000405');
    expect((await lines(['printchain', '--limit', '1'], { datadir })).join('\n')).toMatch(
      /\n {4}memo +"für Käse"/,
    );
  });

  test('to oneself costs its fee alone', async () => {
    const datadir = copyOf(grown);
    await lines(['send', '--from', 'alice', '--to', 'alice', '--amount', '7'], { datadir });
    expect((await balance(datadir, 'alice')).total).toBe('5049.99999859');
  });

  test('from an address spends the coins of that address, and change returns to it', async () => {
    const datadir = copyOf(grown);
    const [alice, bob] = [addressOfWallet('alice', datadir), addressOfWallet('bob', datadir)];
    // Change makes a second address of alice's: only the first one's coins may go.
    await paid(datadir, '--from', 'alice', '--to', 'bob', '--amount', '1');
    const { vin, vout } = await paid(datadir, '--from', alice, '--to', bob, '--amount', '70');
    expect(vin.map(({ prevout }) => prevout?.scriptPubKey.address)).toEqual([alice, alice]);
    expect(vout.map(({ scriptPubKey }) => scriptPubKey.address)).toEqual([bob, alice]);
    const before = walletFiles(datadir).get('alice.json');
    await paid(datadir, '--from', alice, '--to', bob.toUpperCase(), '--amount', '0.5');
    expect(walletFiles(datadir).get('alice.json')).toBe(before);
    expect((await balance(datadir, 'bob')).total).toBe('71.50000000');
  });

  test('of a wallet brings change where nobody has been paid yet', async () => {
    const datadir = copyOf(grown);
    const words = ['--from', 'alice', '--to', 'bob', '--amount', '1'];
    const first = (await paid(datadir, ...words)).vout[1]?.scriptPubKey.address;
    const second = (await paid(datadir, ...words)).vout[1]?.scriptPubKey.address;
    const known = [addressOfWallet('alice', datadir), addressOfWallet('bob', datadir)];
    expect(new Set([...known, first, second]).size).toBe(4);
    expect((await balance(datadir, 'alice')).total).toBe('5148.00000000');
  });
});

test('ten payments at once take ten turns, and one block holds them all', async () => {
  const datadir = copyOf(grown);
  const words = ['send', '--from', 'alice', '--to', 'bob', '--amount', '1'];
  const ten = await Promise.all(Array.from({ length: 10 }, () => run(words, { datadir })));
  expect(ten.map(({ code, stderr }) => (code === 0 ? 'done' : stderr))).toEqual(
    Array(10).fill('done'),
  );
  await lines(['mine', '--to', 'alice'], { datadir });
  const block = await newest(datadir);
  const ids = block.tx.slice(1).map(({ txid }) => txid);
  expect(new Set(ids)).toEqual(new Set(ten.map(({ stdout }) => stdout.trim())));
  expect(ids).toHaveLength(10);
  expect(new Set(spentIn(block)).size).toBe(spentIn(block).length);
  expect((await balance(datadir, 'bob')).confirmed).toBe('10.00000000');
  expect((await balance(datadir, 'alice')).total).toBe('5090.00000000');
});
