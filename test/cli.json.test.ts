/** Answers for programs, options by environment, and the help: what scripts may rely on. */
import { beforeAll, describe, expect, test } from 'vitest';
import { main } from '../src/consensus/params.ts';
import { hashHeader } from '../src/primitives/block.ts';
import {
  addressOfWallet,
  ask,
  copyOf,
  firstAddress,
  grownFolder,
  lines,
  newFolder,
  type PrintedBlock,
  run,
  walletFiles,
} from './terminal.ts';

const hash = expect.stringMatching(/^[0-9a-f]{64}$/);
const amount = expect.stringMatching(/^\d+\.\d{8}$/);

let grown: string;
beforeAll(async () => {
  grown = await grownFolder();
});

describe.concurrent('with --json', () => {
  test('createwallet tells label, address and words', async () => {
    const place = { datadir: newFolder(), env: { CHAIN_NETWORK: 'main' } };
    const told = await ask<{ words: string }>(['createwallet', '--label', 'alice'], place);
    expect(told).toEqual({
      label: 'alice',
      address: firstAddress(told.words, main),
      words: expect.stringMatching(/^([a-z]+ ){11}[a-z]+$/),
    });
  });

  test('send tells what it did, mine an array of hashes', async () => {
    const datadir = copyOf(grown);
    const words = ['send', '--from', 'alice', '--to', 'bob', '--amount', '1'];
    const told = await ask(words, { datadir });
    expect(told).toEqual({ txid: hash, fee: '0.00000141', broadcast: false });
    expect(await ask(['mine', '--blocks', '2', '--to', 'bob'], { datadir })).toEqual([hash, hash]);
    expect(await ask([...words, '--mine'], { datadir })).toMatchObject({ broadcast: false });
    expect(await ask(['status'], { datadir })).toMatchObject({ height: 104, mempool: 0 });
  });

  test('getbalance tells four amounts, of which the last is the sum', async () => {
    const datadir = copyOf(grown);
    expect(await ask(['getbalance'], { datadir })).toEqual({
      confirmed: '100.00000000',
      pending: '0.00000000',
      immature: '4950.00000000',
      total: '5050.00000000',
    });
  });

  test('status tells exactly what was promised', async () => {
    const datadir = copyOf(grown);
    expect(await ask(['status'], { datadir })).toEqual({
      network: 'regtest',
      height: 101,
      hash,
      // Two hashes a block, by Core's count, the genesis block included.
      work: (2 * 102).toString(16).padStart(64, '0'),
      difficulty: expect.closeTo(4.6565423739069247e-10, 20),
      mempool: 0,
      node: null,
      peers: 0,
      datadir,
      engine: expect.stringContaining('ecdsa'),
    });
  });

  test('printchain tells an array of blocks, with amounts as text', async () => {
    const datadir = copyOf(grown);
    const words = ['printchain', '--limit', '2'];
    const blocks = await ask<readonly PrintedBlock[]>(words, { datadir });
    expect(blocks).toMatchObject([
      { height: 101, confirmations: 1, nTx: 1, previousblockhash: blocks[1]?.hash },
      { height: 100, confirmations: 2, nTx: 1, nextblockhash: blocks[0]?.hash },
    ]);
    expect(blocks.map((block) => block.tx[0]?.vout[0])).toEqual(
      Array(2).fill({
        n: 0,
        value: amount,
        scriptPubKey: {
          asm: expect.stringMatching(/^0 [0-9a-f]{40}$/),
          desc: expect.stringMatching(/^addr\(bcrt1\w+\)#\w{8}$/),
          hex: expect.stringMatching(/^0014[0-9a-f]{40}$/),
          address: addressOfWallet('alice', datadir),
          type: 'witness_v0_keyhash',
        },
      }),
    );
  });
});

describe.concurrent('by environment', () => {
  test('CHAIN_JSON is --json, unless it says 0, false or nothing', async () => {
    const datadir = copyOf(grown);
    const begins = async (value: string) => {
      const env = { CHAIN_JSON: value };
      return (await lines(['status'], { datadir, env }))[0];
    };
    const values = ['1', 'true', '0', 'false', ''];
    const plain = 'network     regtest';
    expect(await Promise.all(values.map(begins))).toEqual(['{', '{', plain, plain, plain]);
    const env = { CHAIN_JSON: '1' };
    const refusal = await run(['snd'], { datadir, env });
    expect(refusal).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(refusal.stdout)).toMatchObject({ error: { code: 'usage' } });
  });

  test('CHAIN_NETWORK and CHAIN_DATADIR choose, and what is typed goes before', async () => {
    const datadir = newFolder();
    const env = { CHAIN_NETWORK: 'main' };
    const genesis = hashHeader(main.genesis.header);
    expect(await ask(['status'], { datadir, env })).toMatchObject({ hash: genesis, datadir });
    const other = copyOf(grown);
    const typed = ['status', '--network', 'regtest', '--datadir', other];
    expect(await ask(typed, { datadir, env })).toMatchObject({ height: 101, datadir: other });
    const empty = { datadir, env: { CHAIN_NETWORK: '' } };
    expect(await ask(['status'], empty)).toMatchObject({ network: 'main' });
  });

  test("a command's own options are there too", async () => {
    const datadir = copyOf(grown);
    await lines(['createwallet'], { datadir, env: { CHAIN_LABEL: 'carol' } });
    expect([...walletFiles(datadir).keys()]).toContain('carol.json');
    const env = { CHAIN_FROM: 'alice', CHAIN_TO: 'bob', CHAIN_AMOUNT: '1', CHAIN_FEE_RATE: '2' };
    expect(await ask(['send'], { datadir, env })).toMatchObject({ fee: '0.00000282' });
    const wrong = await run(['mine'], { datadir, env: { CHAIN_BLOCKS: 'x' } });
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toMatch(/^error: usage: .*CHAIN_BLOCKS.*\n$/);
  });
});

describe.concurrent('on stderr', () => {
  test('--quiet silences remarks, and not the answer', async () => {
    const datadir = copyOf(grown);
    const words = ['send', '--from', 'alice', '--to', 'bob', '--amount', '1', '--mine', '--quiet'];
    const { stdout, stderr } = await run(words, { datadir });
    expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/^\w{64}\n$/), stderr: '' });
    expect((await run(['createwallet', '--quiet'], { datadir })).stderr).toBe('');
    expect((await run(['createwallet'], { datadir })).stderr).toMatch(/^This is wallet 'wallet-2'/);
  });

  test('--verbose tells where an error comes from, below its line', async () => {
    const datadir = newFolder();
    const { stderr } = await run(['getbalance', 'carol', '--verbose'], { datadir });
    expect(stderr).toMatch(/^error: unknown-label: .+\nFault.*\n {4}at /);
  });
});

describe.concurrent('the help', () => {
  const wallets = ['createwallet', 'importwallet', 'exportwallet', 'newaddress', 'listaddresses'];
  const commands = [...wallets, 'getbalance', 'send', 'mine', 'printchain', 'status'];

  test.for(commands)('of %s has examples, and all that can be set', async (command) => {
    const datadir = newFolder();
    const [asked, told] = await Promise.all([
      lines([command, '--help'], { datadir }),
      lines(['help', command], { datadir }),
    ]);
    expect(asked).toEqual(told);
    expect(asked[0]).toMatch(new RegExp(`^Usage: chain ${command}`));
    expect(asked.join('\n')).toContain(`\n  $ chain ${command}`);
    expect(asked.join('\n')).toContain('--datadir <dir>');
  });

  test('is what one gets without any words, and names every command', async () => {
    const datadir = newFolder();
    const told = await lines([], { datadir });
    expect(told).toEqual(await lines(['--help'], { datadir }));
    for (const command of commands) expect(told.join('\n')).toContain(`\n  ${command} `);
  });

  test('is not needed for the version', async () => {
    const [version] = await lines(['--version'], { datadir: newFolder() });
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });
});
