/**
 * `chain reindex`: builds the database anew from its blocks, whatever else in it is damaged.
 *
 * The new one grows beside the old one and takes its place when it is whole, so a reindex that is
 * cut short has changed nothing. Blocks that can be read but not connected, because one below them
 * is lost, are put into a file for `chain import`: nothing is thrown away.
 */
import { closeSync, fsyncSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeRecord } from '../chain/bootstrap.ts';
import { hashOf } from '../chain/entry.ts';
import { type Salvaged, salvageBlocks, salvageValues } from '../chain/salvage.ts';
import { magicOf } from '../consensus/params.ts';
import { isReject } from '../consensus/reject.ts';
import { Waiting } from '../mempool/waiting.ts';
import type { Node } from '../node/node.ts';
import { type Block, hashHeader } from '../primitives/block.ts';
import { Fault } from '../primitives/fault.ts';
import { hashFast } from './bestengine.ts';
import type { DeskWithoutWallets } from './desk.ts';
import { type Exchange, exchangeDatabase } from './exchange.ts';
import { openNodeOn } from './opennode.ts';

export interface ReindexOptions {
  /** Whether there will be transaction and address indexes. */
  readonly index: boolean;
  /** Builds only these indexes, on a database that is otherwise whole. */
  readonly onlyIndex?: boolean;
}

export async function reindex(desk: DeskWithoutWallets, options: ReindexOptions): Promise<void> {
  await hashFast();
  const { height, hash, checked, remarks } = options.onlyIndex
    ? await rebuildIndexes(desk)
    : await rebuild(desk, options.index);
  for (const remark of remarks) desk.note(remark);
  const line = `built anew from ${checked} block${checked === 1 ? '' : 's'}; the tip is ${height}`;
  desk.answer(`${line} ${hash}`, { height, hash, checked });
}

interface Rebuilt {
  readonly height: number;
  readonly hash: string;
  readonly checked: number;
  /** What a person should know of what was lost. */
  readonly remarks: readonly string[];
}

async function rebuildIndexes(desk: DeskWithoutWallets): Promise<Rebuilt> {
  const { chain } = await desk.openNode();
  const { height } = chain.tip;
  const progress = desk.counter('block', height + 1);
  await chain.writer.dropIndexes();
  await chain.writer.buildIndexes((at) => progress(at + 1));
  return { height, hash: hashOf(chain.tip), checked: height + 1, remarks: [] };
}

/** Later than any block: those that are here were not from the future when they came. */
const endOfTime = 0xffff_ffff;

async function rebuild(desk: DeskWithoutWallets, hasIndex: boolean): Promise<Rebuilt> {
  const exchange = await exchangeDatabase(desk.folder);
  let now = () => endOfTime;
  try {
    // A loss of power loses the new one only, until the last write of all.
    const settings = { params: desk.params, hasIndex, now: () => now(), isSynced: () => false };
    const { node, close } = await openNodeOn(exchange.fresh, settings);
    try {
      const found = await replay(desk, exchange, node);
      now = desk.now;
      await returnPayments(exchange, node);
      const remarks = keepLoose(desk, found);
      const { tip, guard } = node.chain;
      await guard.batch([], { sync: true });
      await close();
      await exchange.finish();
      return { height: tip.height, hash: hashOf(tip), checked: found.checked, remarks };
    } finally {
      await close();
    }
  } catch (error) {
    await exchange.abandon();
    throw error;
  }
}

interface Found {
  readonly checked: number;
  /** Records without a block that is theirs. */
  readonly lost: readonly Salvaged[];
  /** Blocks whose branch has a gap below them. */
  readonly loose: readonly Block[];
}

/** Takes all blocks that can be read, as if they came again. */
async function replay(desk: DeskWithoutWallets, { old }: Exchange, node: Node): Promise<Found> {
  const genesis = hashHeader(desk.params.genesis.header);
  const lost: Salvaged[] = [];
  const loose: Block[] = [];
  // Genesis is in the new database from the start.
  let checked = 1;
  const progress = desk.counter('block');
  for await (const salvaged of salvageBlocks(old)) {
    const { block, height, hash } = salvaged;
    if (height === 0 && hash !== genesis) throw foreign(hash, desk);
    const answer = block && (await node.submitBlock(block));
    if (!answer || (isReject(answer) && answer.kind === 'bytes')) lost.push(salvaged);
    else if (isReject(answer) && answer.reason === 'prev-blk-not-found') loose.push(block);
    if (answer && !isReject(answer) && height > 0) progress(++checked);
  }
  return { checked, lost, loose };
}

/** Every block of another network would be refused, and be gone. */
function foreign(hash: string, { params }: DeskWithoutWallets): Fault {
  const problem = `the database begins with block ${hash}, which is not that of ${params.name}`;
  return new Fault('wrong-network', `${problem}; name its network or file with --network`);
}

async function returnPayments({ old }: Exchange, node: Node): Promise<void> {
  for await (const { transaction } of salvageValues(old, 'w', Waiting)) {
    // One that a block holds by now, or that conflicts with one, waits no longer.
    await node.submitPayment(transaction);
  }
}

/** Puts blocks that connect to nothing into a file, and says what became of all that is lost. */
function keepLoose(desk: DeskWithoutWallets, { lost, loose }: Found): readonly string[] {
  const remarks = lost.map(({ height, hash }) => `block ${hash} at height ${height} is damaged`);
  if (loose.length === 0) return remarks;
  const path = join(desk.folder, `loose-blocks-${desk.now()}.dat`);
  const magic = magicOf(desk.params);
  const file = openSync(path, 'wx', 0o600);
  for (const block of loose) writeFileSync(file, encodeRecord(magic, block));
  fsyncSync(file);
  closeSync(file);
  const count = `${loose.length} block${loose.length === 1 ? '' : 's'}`;
  return [
    ...remarks,
    `${count} above what is lost are kept in ${path}: import them when it is there again`,
  ];
}
