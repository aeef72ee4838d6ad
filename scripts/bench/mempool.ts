/**
 * How fast are payments taken in, each checked in full and written down before it is shown? And
 * what does it take to choose the best of many for a block?
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { now } from '../../src/cli/machine.ts';
import { isReject } from '../../src/consensus/reject.ts';
import { readWitnesses } from '../../src/consensus/witness.ts';
import { Mempool } from '../../src/mempool/mempool.ts';
import { Pool } from '../../src/mempool/pool.ts';
import { WaitingTable } from '../../src/mempool/waiting.ts';
import { buildTemplate } from '../../src/miner/template.ts';
import { hashHeader } from '../../src/primitives/block.ts';
import { decode, encode, hashFromBytes, U32 } from '../../src/primitives/codec.ts';
import { sha256d } from '../../src/primitives/hash.ts';
import { atOnce } from '../../src/primitives/steps.ts';
import { Transaction, txid } from '../../src/primitives/transaction.ts';
import { inputOf, type Owned, pay } from '../../test/forge.ts';
import { type Benchmark, type Contender, repeated, wholeProcess } from './harness.ts';
import { sow, strangerScript } from './payments.ts';
import { easyNetwork, openSite, type Site, verifyAll } from './site.ts';

/** Payments that a turn takes in. */
const portion = 1_000;
const rounds = 5;
/** Those that wait when a template is built. */
const crowd = 50_000;

export async function mempool(): Promise<readonly Benchmark[]> {
  const folder = mkdtempSync(join(tmpdir(), 'chain-mempool-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const params = easyNetwork(now() - 86_400);
  const site = await openSite(folder, { params });
  const { time } = params.genesis.header;
  const count = portion * (rounds + 1);
  const timeAt = (height: number) => time + 15 * height;
  const sown = await sow({ chain: site.chain, count, timeAt });
  return [
    {
      name: 'payments taken in',
      unit: 'payments',
      reference: 'their signatures alone',
      rounds,
      contenders: await intake(site, sown),
    },
    {
      name: `a template of ${crowd} waiting payments`,
      unit: 'templates',
      reference: 'its ids hashed by @noble/hashes',
      contenders: await templates(site),
    },
  ];
}

async function intake({ chain }: Site, sown: readonly Owned[]): Promise<readonly Contender[]> {
  const table = new WaitingTable(chain.guard);
  await table.followed();
  const options = { chain, table, verifyAll };
  const waiting = await Mempool.open(options, { disconnected: [], connected: [] }, now());
  const signed = sown.map((owned, i) => {
    const rest = owned.coin.amount - 1_000n;
    const stays = { amount: rest / 8n, script: strangerScript(`${i}`) };
    const outputs = [stays, { amount: rest - stays.amount, script: strangerScript(`rest ${i}`) }];
    return { bytes: encode(Transaction, pay([owned], { outputs })), owned };
  });
  const byTurns = (name: string, work: (each: (typeof signed)[number]) => Promise<void>) => {
    const left = [...signed];
    const turn = () =>
      wholeProcess(async () => {
        for (const each of left.splice(0, portion)) await work(each);
        return portion;
      });
    return { name, turn };
  };
  const checks = byTurns('their signatures alone', async ({ bytes, owned }) => {
    const asked = readWitnesses(decode(Transaction, bytes), [owned.coin]);
    if (isReject(asked) || (await verifyAll(asked))) throw new Error('a payment is refused');
  });
  const accept = byTurns('checked and written down', async ({ bytes }) => {
    const answer = await waiting.accept(decode(Transaction, bytes), now());
    if (isReject(answer)) throw new Error(`a payment is refused: ${answer.reason}`);
  });
  return [checks, accept];
}

/** Payments of which each fifth spends the one before it; nobody asks for their signatures here. */
async function templates({ chain }: Site): Promise<readonly Contender[]> {
  const pool = new Pool();
  const witness = [new Uint8Array(71).fill(1), new Uint8Array(33).fill(2)];
  let last = hashHeader(chain.tip.header);
  for (let i = 0; i < crowd; i++) {
    const prevout = { txid: i % 5 === 4 ? last : hashFromBytes(sha256d(encode(U32, i))), index: 0 };
    const outputs = ['one', 'other'].map((name) => {
      return { amount: 1_000n, script: strangerScript(`${name} ${i}`) };
    });
    const inputs = [{ ...inputOf(prevout), witness }];
    const transaction = { version: 2, lockTime: 0, inputs, outputs };
    last = txid(transaction);
    // Rates that are spread as if by chance.
    const fee = 200n + ((BigInt(i) * 7_919n) % 10_007n);
    pool.add({ transaction, fee, time: 0, height: chain.tip.height, coins: [] });
  }
  const request = {
    parent: hashHeader(chain.tip.header),
    context: await chain.branch.headerContext(chain.tip),
    pool: pool.list(),
    script: strangerScript('miner'),
    now: now(),
    extraNonce: 0,
  };
  const build = () => atOnce(buildTemplate(request, chain.params));
  const chosen = build().transactions.map((each) => encode(Transaction, each));
  return [
    {
      name: 'its ids hashed by @noble/hashes',
      turn: repeated(() => {
        for (const each of chosen) sha256d(each);
        return 1;
      }),
    },
    {
      name: 'chosen and built',
      turn: repeated(() => {
        build();
        return 1;
      }),
    },
  ];
}
