/** The commands of wallets, used as they should be: addresses, words, passwords by file. */
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
  refused,
  run,
  walletFiles,
} from './terminal.ts';

interface Listed {
  readonly address: string;
  readonly label: string;
  readonly kind: string;
  readonly change: boolean;
  readonly balance: string;
}

let grown: string;
let secretFile: string;
beforeAll(async () => {
  grown = await grownFolder();
  secretFile = join(newFolder(), 'secret.txt');
  writeFileSync(secretFile, 'the pass word\nwhatever else\n');
});

const list = (datadir: string) => ask<readonly Listed[]>(['listaddresses'], { datadir });

/** Mines a block with a payment from alice. */
async function pay(datadir: string, to: string, amount: string): Promise<void> {
  await lines(['send', '--from', 'alice', '--to', to, '--amount', amount, '--mine'], { datadir });
}

/** The words of a wallet. */
async function wordsOf(label: string, datadir: string): Promise<string> {
  return (await lines(['exportwallet', label], { datadir }))[0] ?? '';
}

/** The same chain, and no wallets. */
function withoutWallets(datadir: string): string {
  const copy = copyOf(datadir);
  rmSync(join(copy, 'regtest/wallets'), { recursive: true });
  return copy;
}

describe.concurrent('newaddress', () => {
  test('gives out an address of either kind, that no one has been given', async () => {
    const datadir = copyOf(grown);
    const first = await lines(['newaddress', 'alice'], { datadir });
    const second = await ask(['newaddress', 'alice'], { datadir });
    const third = await ask(['newaddress', 'alice', '--taproot'], { datadir });
    expect(first).toEqual([expect.stringMatching(/^bcrt1q[0-9a-z]{38}$/)]);
    expect(second).toEqual({ address: expect.stringMatching(/^bcrt1q[0-9a-z]{38}$/) });
    expect(third).toEqual({ address: expect.stringMatching(/^bcrt1p[0-9a-z]{58}$/) });
    const given = [addressOfWallet('alice', datadir), first[0], second, third];
    expect(new Set(given.map((each) => JSON.stringify(each))).size).toBe(4);
  });

  test('needs no label where there is one wallet', async () => {
    const datadir = newFolder();
    const [address] = await lines(['createwallet'], { datadir });
    expect(await lines(['newaddress'], { datadir })).not.toContain(address);
    expect(await list(datadir)).toHaveLength(2);
  });

  test.each(['p2wpkh', 'p2tr'])('is paid at %s, and what is there can be spent', async (kind) => {
    const datadir = copyOf(grown);
    const words = ['newaddress', 'bob', ...(kind === 'p2tr' ? ['--taproot'] : [])];
    const { address } = await ask<{ address: string }>(words, { datadir });
    await pay(datadir, address, '2.5');
    const [paid] = (await list(datadir)).filter((each) => each.address === address);
    expect(paid).toEqual({ address, label: 'bob', kind, change: false, balance: '2.50000000' });
    const back = ['send', '--from', address, '--to', 'alice', '--amount', 'all'];
    await lines(back, { datadir });
    expect(await ask(['getbalance', 'bob'], { datadir })).toMatchObject({ total: '0.00000000' });
  });

  test('from ten processes at once are ten addresses', async () => {
    const datadir = copyOf(grown);
    const ten = Array.from({ length: 10 }, () => lines(['newaddress', 'alice'], { datadir }));
    expect(new Set((await Promise.all(ten)).flat()).size).toBe(10);
    expect(await list(datadir)).toHaveLength(12);
  });
});

test('ten wallets made at once have ten labels', async () => {
  const datadir = newFolder();
  await Promise.all(Array.from({ length: 10 }, () => lines(['createwallet'], { datadir })));
  const labels = Array.from({ length: 10 }, (_, index) => `wallet-${index + 1}.json`);
  expect([...walletFiles(datadir).keys()]).toEqual(labels.toSorted());
});

describe.concurrent('listaddresses', () => {
  test('tells of every address, change marked, and of all coins once', async () => {
    const datadir = copyOf(grown);
    await lines(['newaddress', 'bob', '--taproot'], { datadir });
    await pay(datadir, 'bob', '1.25');
    const listed = await list(datadir);
    expect(listed.map(({ label, kind, change }) => [label, kind, change])).toEqual([
      ['alice', 'p2wpkh', false],
      ['alice', 'p2wpkh', true],
      ['bob', 'p2wpkh', false],
      ['bob', 'p2tr', false],
    ]);
    expect(listed.map(({ balance }) => balance).slice(1)).toEqual([
      '48.74999859',
      '1.25000000',
      '0.00000000',
    ]);
    const sum = listed.reduce((all, { balance }) => all + parseAmount(balance), 0n);
    const { total } = await ask<PrintedBalance>(['getbalance'], { datadir });
    expect(formatAmount(sum)).toBe(total);
  });

  test('is a table of 80 columns, by wallet and kind', async () => {
    const datadir = copyOf(grown);
    await lines(['newaddress', 'bob', '--taproot'], { datadir });
    await pay(datadir, 'bob', '1.25');
    const [alice, change, bob, taproot] = await list(datadir);
    const told = await lines(['listaddresses'], { datadir });
    expect(told).toEqual([
      'alice, p2wpkh',
      `${alice?.balance}  ${alice?.address}`,
      'alice, p2wpkh, change',
      `  48.74999859  ${change?.address}`,
      'bob, p2wpkh',
      `   1.25000000  ${bob?.address}`,
      'bob, p2tr',
      `   0.00000000  ${taproot?.address}`,
    ]);
    expect(Math.max(...told.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  test('is an empty list without a wallet', async () => {
    expect(await list(newFolder())).toEqual([]);
    expect(await run(['listaddresses'], { datadir: newFolder() })).toEqual({
      code: 0,
      stdout: '',
      stderr: 'There is no wallet yet: run chain createwallet.\n',
    });
  });
});

describe.concurrent('words', () => {
  test('are exported, plainly and with --json, and kept as they are', async () => {
    const datadir = newFolder();
    const [, words = ''] = await lines(['createwallet', '--label', 'alice'], { datadir });
    expect(await lines(['exportwallet', 'alice'], { datadir })).toEqual([words]);
    expect(await ask(['exportwallet', 'alice'], { datadir })).toEqual({ label: 'alice', words });
  });

  test('bring all addresses back that hold coins, however they were typed', async () => {
    const datadir = copyOf(grown);
    const used: string[] = [];
    for (const kind of [[], [], ['--taproot'], ['--taproot']]) {
      const { address } = await ask<{ address: string }>(['newaddress', 'bob', ...kind], {
        datadir,
      });
      used.push(address);
    }
    // The last one of each kind; then change of bob's own.
    await pay(datadir, used[1] ?? '', '3');
    await pay(datadir, used[3] ?? '', '4');
    await lines(['send', '--from', 'bob', '--to', 'alice', '--amount', '5'], { datadir });
    const before = (await list(datadir)).filter(({ label }) => label === 'bob');
    const words = (await wordsOf('bob', datadir)).toUpperCase().replaceAll(' ', '\r\n  ');

    const bare = withoutWallets(datadir);
    const place = { datadir: bare, input: `\n${words}\n\n` };
    const told = await ask(['importwallet', '--label', 'back'], place);
    expect(told).toEqual({ label: 'back', address: addressOfWallet('bob', datadir) });
    expect(await list(bare)).toEqual(before.map((each) => ({ ...each, label: 'back' })));
    // A further address is a new one.
    const { address } = await ask<{ address: string }>(['newaddress'], { datadir: bare });
    expect(before.map((each) => each.address)).not.toContain(address);
  });

  test('that are here already name their wallet, though it is under a password', async () => {
    const datadir = newFolder();
    const protect = ['createwallet', '--label', 'alice', '--password-file', secretFile];
    const [, words = ''] = await lines(protect, { datadir });
    const files = walletFiles(datadir);
    await refused(['importwallet'], { datadir, input: words }, 'wallet-exists', "wallet 'alice'");
    expect(walletFiles(datadir)).toEqual(files);
  });
});

describe.concurrent('a wallet under a password', () => {
  const locked = ['--password-file'];

  test('is paid, shown and given addresses without it, and pays with it', async () => {
    const datadir = copyOf(grown);
    const env = { CHAIN_PASSWORD_FILE: secretFile };
    const create = ['createwallet', '--label', 'carol', '--password'];
    const told = await ask<{ words: string }>(create, { datadir, env });
    expect(walletFiles(datadir).get('carol.json')).not.toContain(told.words);

    const { address } = await ask<{ address: string }>(['newaddress', 'carol'], { datadir });
    await pay(datadir, 'carol', '1');
    await pay(datadir, address, '2');
    const { total } = await ask<PrintedBalance>(['getbalance', 'carol'], { datadir });
    expect(total).toBe('3.00000000');
    await lines(['mine', '--to', 'carol'], { datadir });

    const send = ['send', '--from', 'carol', '--to', 'bob', '--amount', '2.5'];
    const files = walletFiles(datadir);
    await refused(send, { datadir }, 'password-needed', '--password-file');
    expect(walletFiles(datadir)).toEqual(files);
    expect(await ask(send, { datadir, env })).toMatchObject({ broadcast: false });
    const rest = [...send.slice(0, -1), 'all', ...locked, secretFile];
    expect(await ask(rest, { datadir })).toMatchObject({
      txid: expect.stringMatching(/^\w{64}$/),
    });
    // The change address was saved without the words being sealed anew or laid open.
    const sealed = /"sealed": [^}]+}/;
    const carol = walletFiles(datadir).get('carol.json') ?? '';
    expect(sealed.exec(carol)?.[0]).toBe(sealed.exec(files.get('carol.json') ?? '')?.[0]);
    expect(await ask(['exportwallet', 'carol'], { datadir, env })).toMatchObject({
      words: told.words,
    });
  });

  test('is imported under one, and opens with it only', async () => {
    const datadir = withoutWallets(grown);
    const input = await wordsOf('alice', copyOf(grown));
    await lines(['importwallet', ...locked, secretFile], { datadir, input });
    expect(walletFiles(datadir).get('wallet-1.json')).not.toContain(input);
    const other = join(newFolder(), 'other');
    writeFileSync(other, 'the pass word \n');
    const show = ['exportwallet', 'wallet-1', ...locked];
    await refused([...show, other], { datadir }, 'wrong-password', "password of 'wallet-1'");
    // Only the end of the line is not the password's, be it that of Windows or missing.
    for (const text of ['the pass word', 'the pass word\r\n', 'the pass word\n\n']) {
      writeFileSync(other, text);
      expect(await lines([...show, other], { datadir })).toEqual([input]);
    }
  });
});

test('a wallet from before there were passwords goes on', async () => {
  const datadir = copyOf(grown);
  const path = join(datadir, 'regtest/wallets/alice.json');
  const { label, genesis, words, created, next } = JSON.parse(
    walletFiles(datadir).get('alice.json') ?? '',
  );
  writeFileSync(path, JSON.stringify({ format: 1, label, genesis, words, created, next }));
  const before = await list(grown);
  expect(await list(datadir)).toEqual(before);
  await pay(datadir, 'bob', '1');
  expect(JSON.parse(walletFiles(datadir).get('alice.json') ?? '')).toMatchObject({
    format: 2,
    words,
    next: { p2wpkh: { receive: 1, change: 1 } },
  });
});
