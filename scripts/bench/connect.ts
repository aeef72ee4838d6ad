/**
 * How fast are blocks full of payments taken? Each turn is one block of P2WPKH payments, one input
 * and two outputs each, from its bytes to the tip of a chain on the disk, with everything checked.
 * Beside it the floor: its signatures alone, and the writes of LevelDB alone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Chain } from '../../src/chain/chain.ts';
import type { Operation } from '../../src/chain/database.ts';
import { openDatabase } from '../../src/cli/leveldb.ts';
import { now } from '../../src/cli/machine.ts';
import type { InputCheck } from '../../src/consensus/witness.ts';
import { Block } from '../../src/primitives/block.ts';
import { decode, encode } from '../../src/primitives/codec.ts';
import { Bcoin } from './bcoin.ts';
import { type Benchmark, type Contender, wholeProcess } from './harness.ts';
import { reap, sow } from './payments.ts';
import { easyNetwork, openSite, type Soil, submit, verifyAll } from './site.ts';

const count = 2_000;
const rounds = 7;

/** All that a chain of full blocks is made of. */
interface Harvest {
  /** What comes before the full blocks. */
  readonly beginning: readonly Uint8Array[];
  readonly blocks: readonly Uint8Array[];
  /** What each full block asks of whoever checks signatures. */
  readonly checks: readonly (readonly InputCheck[])[];
  /** What each full block writes, indexes too. */
  readonly writes: readonly (readonly Operation[])[];
}

export async function connect(): Promise<readonly Benchmark[]> {
  const folder = mkdtempSync(join(tmpdir(), 'chain-connect-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const begin = now() - 86_400;
  const params = easyNetwork(begin);
  const crop = await gather(join(folder, 'built'), { params });
  const taking = async (name: string, hasIndex: boolean): Promise<Contender> => {
    const site = await openSite(join(folder, name), { params, hasIndex });
    for (const each of crop.beginning) await submit(site.chain, decode(Block, each));
    return byTurns(name, crop.blocks, (bytes) => submit(site.chain, decode(Block, bytes)));
  };
  const bcoin = Bcoin.load();
  for (const each of crop.beginning) bcoin.take(each);
  const { database } = await openDatabase(join(folder, 'raw'));
  return [
    {
      name: 'connecting blocks',
      unit: 'payments',
      reference: 'their signatures alone',
      rounds,
      contenders: [
        byTurns('their signatures alone', crop.checks, verifyAll),
        byTurns('their writes alone', crop.writes, (each) =>
          database.batch([...each], { sync: false }),
        ),
        await taking('with both indexes', true),
        await taking('without indexes', false),
        byTurns('bcoin, in memory, scripts alone', crop.blocks, async (each) => bcoin.take(each)),
      ],
    },
  ];
}

function byTurns<T>(
  name: string,
  portions: readonly T[],
  work: (portion: T) => Promise<unknown>,
): Contender {
  const left = [...portions];
  const turn = () =>
    wholeProcess(async () => {
      const portion = left.shift();
      if (portion === undefined) throw new Error('there are no more blocks');
      await work(portion);
      return count;
    });
  return { name, turn };
}

/** Grows the blocks, and keeps what they ask for and what they write. */
async function gather(folder: string, soil: Soil): Promise<Harvest> {
  const [asked, written]: [InputCheck[], Operation[]] = [[], []];
  const { chain, close } = await openSite(folder, {
    ...soil,
    onChecks: (checks) => asked.push(...checks),
    onBatch: (operations) => written.push(...operations),
  });
  const { time } = soil.params.genesis.header;
  const field = { chain, count, timeAt: (height: number) => time + 15 * height };
  let coins = await sow(field);
  const beginning = await blocksOf(chain);
  const [checks, writes]: [InputCheck[][], Operation[][]] = [[], []];
  for (let i = 0; i <= rounds; i++) {
    const reaped = await reap(field, coins);
    [asked.length, written.length] = [0, 0];
    await submit(chain, reaped.block);
    checks.push([...asked]);
    writes.push([...written]);
    coins = reaped.coins;
  }
  const blocks = (await blocksOf(chain)).slice(beginning.length);
  await close();
  return { beginning, blocks, checks, writes };
}

/** All but genesis. */
async function blocksOf({ store, tip }: Chain): Promise<readonly Uint8Array[]> {
  const blocks: Uint8Array[] = [];
  for (let height = 1; height <= tip.height; height++) {
    blocks.push(encode(Block, await store.block(await store.activeEntry(height))));
  }
  return blocks;
}
