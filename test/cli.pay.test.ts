/** Payments at the command line that wait, follow one another, and are replaced. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatAmount, parseAmount } from '../src/primitives/amount.ts';
import {
  addressOfWallet,
  ask,
  copyOf,
  grownFolder,
  lines,
  newFolder,
  type PrintedBalance,
  type PrintedBlock,
  refused,
  run,
} from './terminal.ts';

let grown: string;
beforeAll(async () => {
  grown = await grownFolder();
});

/** What `send --json` and `bump --json` answer. */
interface Sent {
  readonly txid: string;
  readonly fee: string;
  readonly replaced?: string;
}

const fromAlice = ['--from', 'alice', '--to', 'bob', '--amount'];

function send(datadir: string, ...words: readonly string[]): Promise<Sent> {
  return ask<Sent>(['send', ...words], { datadir });
}

function bump(datadir: string, ...words: readonly string[]): Promise<Sent> {
  return ask<Sent>(['bump', ...words], { datadir });
}

function balance(datadir: string, label: string): Promise<PrintedBalance> {
  return ask<PrintedBalance>(['getbalance', label], { datadir });
}

async function newest(datadir: string): Promise<PrintedBlock> {
  const [block] = await ask<readonly PrintedBlock[]>(['printchain', '--limit', '1'], { datadir });
  if (!block) throw new Error('there is no block');
  return block;
}

async function waitingCount(datadir: string): Promise<number> {
  return (await ask<{ mempool: number }>(['status'], { datadir })).mempool;
}

describe.concurrent('a waiting payment', () => {
  test('is replaced at twice the least rate, and again, and the last one is mined', async () => {
    const datadir = copyOf(grown);
    const sent = await send(datadir, ...fromAlice, '7', '--memo', 'tea');
    const first = await bump(datadir, sent.txid);
    expect(first).toMatchObject({ replaced: sent.txid });
    expect(parseAmount(first.fee)).toBe(2n * parseAmount(sent.fee));

    const second = await run(['bump', first.txid, '--fee-rate', '12.5'], { datadir });
    expect(second).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f]{64}\n$/) });
    expect(second.stderr).toMatch(`Replaced ${first.txid}: the fee was ${first.fee} and is `);
    expect(await waitingCount(datadir)).toBe(1);
    expect((await balance(datadir, 'bob')).pending).toBe('7.00000000');
    await refused(['bump', sent.txid], { datadir }, 'not-waiting', sent.txid);

    await lines(['mine', '--to', 'bob'], { datadir });
    const [, mined] = (await newest(datadir)).tx;
    // 141 virtual bytes and a memo of 8 + 1 + 2 + 3, at 12.5.
    const fee = formatAmount((155n * 25n + 1n) / 2n);
    expect(mined).toMatchObject({ txid: second.stdout.trim(), fee });
    expect(mined?.vout.map(({ value }) => value)).toContain('0.00000000');
    expect((await balance(datadir, 'bob')).confirmed).toBe('7.00000000');
    const told = 'is in block 102 already';
    await refused(['bump', second.stdout.trim()], { datadir }, 'already-mined', told);
  });

  test('is replaced with what hangs on it, and what goes is named', async () => {
    const datadir = copyOf(grown);
    const parent = await send(datadir, ...fromAlice, '99.999');
    const child = await send(datadir, ...fromAlice, '0.0005');
    const theirs = await send(datadir, '--from', 'bob', '--to', 'alice', '--amount', '1');
    // What the child brings back goes as well: it cannot pay.
    const dear = ['bump', parent.txid, '--fee-rate', '1000'];
    await refused(dear, { datadir }, 'insufficient-funds');
    const said = await run(['bump', parent.txid], { datadir });
    expect(said.code, said.stderr).toBe(0);
    expect(said.stderr).toContain(`With it went your payment ${child.txid}`);
    expect(said.stderr).toContain(`With it went payment ${theirs.txid} of somebody else`);
    expect(await waitingCount(datadir)).toBe(1);
    expect((await balance(datadir, 'bob')).pending).toBe('99.99900000');
    await lines(['mine', '--to', 'bob'], { datadir });
    const [, mined] = (await newest(datadir)).tx;
    const fees = [parent, child, theirs].reduce((sum, { fee }) => sum + parseAmount(fee), 0n);
    expect(mined?.txid).toBe(said.stdout.trim());
    // Two inputs and two outputs are 209 virtual bytes.
    expect(mined?.fee).toBe(formatAmount(fees + 209n));
  });
});

describe.concurrent('a replacement', () => {
  test('that pays too little is told the least rate, which does', async () => {
    const datadir = copyOf(grown);
    const { txid } = await send(datadir, ...fromAlice, '7', '--fee-rate', '3.25');
    const low = ['bump', txid, '--fee-rate', '4.2'];
    await refused(low, { datadir }, 'fee-too-low', 'say --fee-rate 4.256 at least');
    expect(await bump(datadir, txid, '--fee-rate', '4.256')).toMatchObject({ replaced: txid });
  });

  test('of all can only be replaced with other coins, or when it pays oneself', async () => {
    const datadir = copyOf(grown);
    const all = await send(datadir, ...fromAlice, 'all');
    await refused(['bump', all.txid], { datadir }, 'insufficient-funds', 'pay this wallet first');
    const own = copyOf(grown);
    const self = await send(own, '--from', 'alice', '--to', 'alice', '--amount', 'all');
    const { fee } = await bump(own, self.txid);
    const left = parseAmount('100') - parseAmount(fee);
    expect((await balance(own, 'alice')).total).toBe(formatAmount(left + parseAmount('4950')));
  });
});

describe.concurrent('bump is refused', () => {
  const none = '0'.repeat(64);

  test('where nothing of that name waits, and where it is no name', async () => {
    const datadir = copyOf(grown);
    await refused(['bump', none], { datadir }, 'not-waiting', none);
    await refused(['bump'], { datadir }, 'usage', 'txid');
    await refused(['bump', 'abc'], { datadir }, 'usage', "'abc' is not a txid");
    await refused(['bump', none, none], { datadir }, 'usage', 'too many arguments');
    const rate = ['bump', none, '--fee-rate', '0.5'];
    await refused(rate, { datadir }, 'usage', 'is not a fee rate');
  });

  test('where the keys are not here, and where the fee would be beyond all reason', async () => {
    const datadir = copyOf(grown);
    const { txid } = await send(datadir, ...fromAlice, '7');
    const high = ['bump', txid, '--fee-rate', '999999'];
    await refused(high, { datadir }, 'fee-too-high', 'choose a lower --fee-rate');
    rmSync(join(datadir, 'regtest/wallets/alice.json'));
    await refused(['bump', txid], { datadir }, 'not-yours', txid);
    expect(await waitingCount(datadir)).toBe(1);
  });

  test('without the password of the wallet, and not with it', async () => {
    const datadir = copyOf(grown);
    const secret = join(newFolder(), 'secret');
    writeFileSync(secret, 'open sesame\n');
    const protect = ['--label', 'carol', '--password-file', secret];
    await lines(['createwallet', ...protect], { datadir });
    await lines(['send', '--from', 'alice', '--to', 'carol', '--amount', '5', '--mine'], {
      datadir,
    });
    const words = ['--from', 'carol', '--to', 'bob', '--amount', '1', '--password-file', secret];
    const { txid } = await send(datadir, ...words);
    await refused(['bump', txid], { datadir }, 'password-needed', "'carol'");
    expect(await bump(datadir, txid, '--password-file', secret)).toMatchObject({ replaced: txid });
  });
});

describe.concurrent('payments', () => {
  test('from one coin follow each other until the row is full, and after a block', async () => {
    const datadir = copyOf(grown);
    await send(datadir, '--from', 'alice', '--to', 'bob', '--amount', '40', '--mine');
    for (let i = 0; i < 25; i++)
      await send(datadir, '--from', 'bob', '--to', 'alice', '--amount', '1');
    const words = ['send', '--from', 'bob', '--to', 'alice', '--amount'];
    for (const amount of ['1', 'all']) {
      const told = 'wait for a block, or run chain mine';
      await refused([...words, amount], { datadir }, 'too-long-mempool-chain', told);
    }
    await lines(['mine', '--to', 'alice'], { datadir });
    expect((await newest(datadir)).tx).toHaveLength(26);
    await lines([...words, '1', '--mine'], { datadir });
    expect((await balance(datadir, 'bob')).pending).toBe('0.00000000');
  });

  test('pay P2TR, and all of what is in blocks and what waits', async () => {
    const datadir = copyOf(grown);
    const [taproot = ''] = await lines(['newaddress', 'bob', '--taproot'], { datadir });
    await send(datadir, '--from', 'alice', '--to', taproot, '--amount', '30');
    // The change of 20 waits; the other coin of 50 is in a block.
    const rest = await send(datadir, '--from', 'alice', '--to', taproot, '--amount', 'all');
    await send(datadir, '--from', taproot, '--to', 'bob', '--amount', 'all');
    const { confirmed, pending } = await balance(datadir, 'alice');
    expect(parseAmount(confirmed) - parseAmount(pending.slice(1))).toBe(0n);
    // Two inputs of P2WPKH and an output of P2TR are 190 virtual bytes.
    expect(parseAmount(rest.fee)).toBe(190n);
    await lines(['mine', '--to', 'alice'], { datadir });
    expect((await newest(datadir)).tx).toHaveLength(4);
  });
});

describe.concurrent('words bring back addresses', () => {
  /** A receiving address of bob's that got a coin, which is spent again. */
  async function emptied(datadir: string): Promise<string> {
    const [address = ''] = await lines(['newaddress', 'bob'], { datadir });
    const first = ['--from', 'alice', '--to', address, '--amount', '2', '--mine'];
    await send(datadir, ...first);
    await send(datadir, '--from', address, '--to', 'alice', '--amount', 'all', '--mine');
    return address;
  }

  async function back(datadir: string): Promise<readonly string[]> {
    const [words = ''] = await lines(['exportwallet', 'bob'], { datadir });
    rmSync(join(datadir, 'regtest/wallets/bob.json'));
    await lines(['importwallet', '--label', 'back'], { datadir, input: words });
    const listed = await ask<{ address: string; label: string }[]>(['listaddresses'], { datadir });
    return listed.filter(({ label }) => label === 'back').map(({ address }) => address);
  }

  test('whose coins are spent, where there is an index', async () => {
    const datadir = copyOf(grown);
    const used = await emptied(datadir);
    expect(await back(datadir)).toEqual([addressOfWallet('back', datadir), used]);
  });

  test('that hold or held coins of waiting payments, without an index too', async () => {
    const datadir = copyOf(grown);
    await emptied(datadir);
    const [address = ''] = await lines(['newaddress', 'bob'], { datadir });
    await send(datadir, '--from', 'alice', '--to', address, '--amount', '2');
    await send(datadir, '--from', address, '--to', 'alice', '--amount', 'all');
    await lines(['reindex', '--no-index'], { datadir });
    expect(await back(datadir)).toContain(address);
  });
});
