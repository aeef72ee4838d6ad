/** Networks of one's own: made, refused where their rules are senseless, and shared as a file. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readNetwork } from '../src/consensus/network.ts';
import { coin } from '../src/primitives/amount.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { readPushes } from '../src/primitives/script.ts';
import { ask, lines, newFolder, type Place, refused, run } from './terminal.ts';

/** The smallest that makes a network whose blocks cost nothing. */
const easy = ['createnetwork', '--name', 'easy', '--message', 'Hi', '--difficulty', 'none'];

/** A place with a folder of its own to stand in. */
function newPlace(): Place & { readonly cwd: string } {
  return { datadir: newFolder(), cwd: newFolder(), env: { CHAIN_NETWORK: 'main' } };
}

const networkIn = ({ cwd = '' }: Place, name: string) =>
  readNetwork(readFileSync(join(cwd, name), 'utf8'));

describe.concurrent('createnetwork', () => {
  test('writes a file with what was said, else with the figures of main', async () => {
    const place = newPlace();
    const began = Math.floor(Date.now() / 1000);
    const words = ['createnetwork', '--name', 'class-2026', '--message', 'Our chain'];
    const told = await ask(words, place);
    const { genesis, ...rules } = networkIn(place, 'class-2026.json');
    expect(told).toEqual({ file: 'class-2026.json', genesis: hashHeader(genesis.header) });
    expect(rules).toEqual({
      name: 'class-2026',
      difficulty: { rule: 'asert', spacingSeconds: 15, halfLifeSeconds: 600 },
      ...{ limitBits: 0x1e0f_ffff, maxFutureSeconds: 300, subsidy: 50n * coin },
      ...{ halvingInterval: 210_000, coinbaseMaturity: 10, prefix: 'tc', coinType: 1 },
      ...{ p2pPort: 3000, httpPort: 3001, peers: [] },
    });
    expect(genesis.header.time).toBeGreaterThanOrEqual(began);
    expect(genesis.header.time).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
    const [input] = genesis.transactions[0]?.inputs ?? [];
    const pushes = readPushes(input?.scriptSig ?? new Uint8Array()) ?? [];
    expect(Buffer.from(pushes.at(-1) ?? []).toString()).toBe('Our chain');
    // Nothing else was made, in no folder of data either.
    expect([readdirSync(place.cwd), readdirSync(place.datadir)]).toEqual([['class-2026.json'], []]);
  });

  test('takes every figure, and peers as often as they are given', async () => {
    const place = newPlace();
    const peers = ['/ip4/10.0.0.1/tcp/4000', '/dns4/node.example/tcp/4000/p2p/12D3KooW'];
    const words = [
      ...['createnetwork', '--name', 'own', '--message', 'ä', '--difficulty', 'asert'],
      ...['--spacing', '1', '--half-life', '100', '--max-future', '50', '--subsidy', '0.5'],
      ...['--halving', '7', '--maturity', '1', '--prefix', 'own', '--port', '65535'],
      ...['--file', 'other name.json', ...peers.flatMap((peer) => ['--peer', peer])],
    ];
    const { stdout, stderr, code } = await run(words, place);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        'Give this file to all who take part. ' +
        "Next: chain --network './other name.json' createwallet\n",
    });
    const { genesis, ...rules } = networkIn(place, 'other name.json');
    expect(stdout).toBe(`other name.json\n${hashHeader(genesis.header)}\n`);
    expect(rules).toMatchObject({
      name: 'own',
      difficulty: { rule: 'asert', spacingSeconds: 1, halfLifeSeconds: 100 },
      ...{ maxFutureSeconds: 50, subsidy: coin / 2n, halvingInterval: 7, coinbaseMaturity: 1 },
      ...{ prefix: 'own', p2pPort: 65_535, httpPort: 65_534, peers },
    });
  });

  test.for([
    ['--spacing 60', { rule: 'asert', spacingSeconds: 60, halfLifeSeconds: 2400 }, 1200],
    ['--spacing 1', { rule: 'asert', spacingSeconds: 1, halfLifeSeconds: 40 }, 20],
    ['--spacing 86400', { rule: 'asert', spacingSeconds: 86400, halfLifeSeconds: 3456000 }, 7200],
    ['--difficulty bitcoin --spacing 600', { rule: 'bitcoin', spacingSeconds: 600 }, 7200],
    ['--difficulty none', { rule: 'none' }, 7200],
  ] as const)('scales with %s', async ([words, difficulty, maxFutureSeconds]) => {
    const place = newPlace();
    const begin = ['createnetwork', '--name', 'own', '--message', 'm', '--quiet'];
    await lines([...begin, ...words.split(' ')], place);
    expect(networkIn(place, 'own.json')).toMatchObject({ difficulty, maxFutureSeconds });
  });
});

describe.concurrent('createnetwork as other commands', () => {
  test('has its words by environment too', async () => {
    const place = newPlace();
    const env = { CHAIN_NAME: 'own', CHAIN_MESSAGE: 'm', CHAIN_DIFFICULTY: 'none' };
    expect(await ask(['createnetwork'], { ...place, env })).toMatchObject({ file: 'own.json' });
  });

  test('fills a coinbase to its last byte', async () => {
    const place = newPlace();
    await lines([...easy.slice(0, 3), '--message', 'm'.repeat(97), ...easy.slice(5)], place);
    expect(networkIn(place, 'easy.json').genesis.transactions[0]?.inputs[0]?.scriptSig.length).toBe(
      100,
    );
  });

  test('never writes over a file', async () => {
    const place = newPlace();
    const file = join(place.cwd, 'easy.json');
    writeFileSync(file, 'mine');
    await refused(easy, place, 'file-exists', 'there is a easy.json already');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    await refused([...easy, '--file', 'no/such/folder'], place, 'cannot-write', 'no/such/folder');
  });
});

/** Options that are wrong, the code of the error, and what it says. */
const senseless: readonly (readonly [words: readonly string[], code: string, says: string])[] = [
  [['--name', 'main'], 'bad-network', "--name: 'main' is built in"],
  [['--name', 'regtest'], 'bad-network', "--name: 'regtest' is built in"],
  [['--name', 'Own'], 'bad-network', '--name: '],
  [['--name', 'a b'], 'bad-network', '--name: '],
  [['--name', '../own'], 'bad-network', '--name: '],
  [['--name='], 'bad-network', '--name: '],
  [['--name', 'a'.repeat(33)], 'bad-network', '--name: '],
  [['--message', 'm'.repeat(98)], 'bad-network', '--message: it has 98 bytes'],
  [['--message', 'ä'.repeat(49)], 'bad-network', 'there is room for 97'],
  [['--message='], 'bad-network', '--message: it is empty'],
  [['--spacing', '0'], 'bad-network', '--spacing: expected 1 to 86400, got 0'],
  [['--spacing', '86401'], 'bad-network', '--spacing: '],
  [['--spacing', '-1'], 'usage', "'-1' is not a whole number"],
  [['--spacing', '1.5'], 'usage', '--spacing'],
  [
    ['--half-life', '599', '--max-future', '300'],
    'bad-network',
    '--max-future: must not be above half',
  ],
  [['--half-life', '1'], 'bad-network', '--max-future: '],
  [['--max-future', '301'], 'bad-network', '--max-future: must not be above half'],
  [['--max-future', '0'], 'bad-network', '--max-future: '],
  [['--subsidy', '0'], 'bad-network', '--subsidy: '],
  [['--subsidy', '0.00000000'], 'bad-network', '--subsidy: '],
  [['--subsidy', '50.00000008'], 'bad-network', '--subsidy: 21000000 coins in all'],
  [['--subsidy', '1e3'], 'bad-network', "--subsidy: '1e3' is not an amount"],
  [['--halving', '210001'], 'bad-network', '--subsidy: 21000099 coins in all, above 21000000'],
  [['--halving', '0'], 'bad-network', '--halving: '],
  [['--maturity', '0'], 'bad-network', '--maturity: expected 1 to 1000000, got 0'],
  [['--maturity', '1000001'], 'bad-network', '--maturity: '],
  [['--difficulty', 'easy'], 'usage', 'Allowed choices are asert, bitcoin, none'],
  [['--difficulty', 'none', '--spacing', '15'], 'bad-network', '--spacing: --difficulty none has'],
  [['--difficulty', 'bitcoin', '--half-life', '600'], 'bad-network', '--half-life: '],
  [['--prefix', 'bc'], 'bad-network', "--prefix: 'bc' is Bitcoin's own"],
  [['--prefix', 'tb'], 'bad-network', "--prefix: 'tb' is Bitcoin's own"],
  [['--prefix', 'TC'], 'bad-network', '--prefix: '],
  [['--prefix', 'c1'], 'bad-network', '--prefix: '],
  [['--prefix', 'p'.repeat(21)], 'bad-network', '--prefix: '],
  [['--port', '0'], 'bad-network', '--port: expected 1 to 65535, got 0'],
  [['--port', '65536'], 'bad-network', '--port: '],
  [['--peer', '10.0.0.1:3000'], 'usage', 'is no address like /ip4/'],
  [['--peer', '/ip4/10.0.0.1/tcp/0'], 'usage', '--peer'],
  [['--peer', '/ip4/10.0.0.1/tcp/65536'], 'usage', '--peer'],
  [['--file='], 'usage', 'a file has a name'],
  [['own'], 'usage', 'too many arguments'],
];

test.concurrent.for(senseless)('createnetwork %j is refused as %s', async ([words, code, says]) => {
  const place = newPlace();
  await refused(['createnetwork', '--name', 'own', '--message', 'm', ...words], place, code, says);
  expect(readdirSync(place.cwd)).toEqual([]);
});

test.concurrent('createnetwork says which word is missing, and where examples are', async () => {
  const place = newPlace();
  const hint = 'chain createnetwork --help has examples';
  await refused(
    ['createnetwork', '--message', 'm'],
    place,
    'usage',
    `'--name' is missing; ${hint}`,
  );
  await refused(
    ['createnetwork', '--name', 'own'],
    place,
    'usage',
    "option '--message' is missing",
  );
});

describe('two with the same file', () => {
  const place = newPlace();
  const file = join(place.cwd, 'easy.json');
  const env = { CHAIN_NETWORK: file };
  const [alice, bob] = [
    { datadir: newFolder(), env },
    { datadir: newFolder(), env },
  ];
  let genesis: string;
  beforeAll(async () => {
    ({ genesis } = await ask<{ genesis: string }>([...easy, '--maturity', '1'], place));
    await lines(['createwallet'], alice);
    await lines(['createwallet'], bob);
  });

  test('have one chain: the same genesis, and blocks that go from one to the other', async () => {
    const first = await Promise.all([alice, bob].map((each) => ask(['status'], each)));
    expect(first).toMatchObject(Array(2).fill({ network: 'easy', height: 0, hash: genesis }));
    await lines(['mine', '--blocks', '3'], alice);
    await lines(['export', join(place.cwd, 'blocks')], alice);
    await lines(['import', join(place.cwd, 'blocks')], bob);
    const [hash] = await ask<readonly string[]>(['mine'], bob);
    await lines(['export', join(place.cwd, 'more')], bob);
    await lines(['import', join(place.cwd, 'more')], alice);
    expect(await ask(['status'], alice)).toMatchObject({ height: 4, hash });
    // At a maturity of one all of it is mature: the blocks that she minted have one above them.
    expect(await ask(['getbalance'], alice)).toMatchObject({ confirmed: '150.00000000' });
  });

  test('do not mix with a third who has another file of the same name', async () => {
    const third = newPlace();
    await lines([...easy.slice(0, 3), '--message', 'Another', ...easy.slice(5)], third);
    const network = join(third.cwd, 'easy.json');
    const stranger = { datadir: newFolder(), env: { CHAIN_NETWORK: network } };
    await refused(['import', join(place.cwd, 'blocks')], stranger, 'wrong-network');
    const mixed = { ...alice, env: { CHAIN_NETWORK: network } };
    await refused(['status'], mixed, 'wrong-network', `the database has genesis ${genesis}`);
    await refused(['status'], mixed, 'wrong-network', 'another folder with --datadir');
    await refused(['mine'], mixed, 'bad-wallet', 'it belongs to the chain that begins with');
    expect(await ask(['verify'], alice)).toMatchObject({ height: expect.any(Number) });
    expect(existsSync(join(stranger.datadir, 'easy', 'wallets'))).toBe(false);
  });
});
