/**
 * The module that mines: the double SHA-256 of a header, for one nonce after the other.
 *
 * The graph is that of the plain function over the twenty words of a header, of which the nonce
 * alone differs from hash to hash. What the folding finds early is reckoned by `prepare`, once a
 * job, and laid into a table; the passes do the rest.
 */
import { Graph, stages, type Word } from './graph.ts';
import { fourLanes, oneLane, op } from './lanes.ts';
import {
  offsetIn,
  overRecords,
  passesOf,
  type Records,
  recordBytes,
  recordsAt,
  width,
} from './passes.ts';
import { sha256d } from './rounds.ts';
import { tableFor } from './table.ts';
import { type Func, instantiate, moduleBytes, valueTypes } from './wasm.ts';

/**
 * How many nonces are tried side by side. While the wide half of a processor does four hashes, the
 * narrow one has time for a fifth.
 */
const variants = {
  'one lane': [oneLane],
  'four lanes': [fourLanes],
  'four lanes and one': [fourLanes, oneLane],
} as const;

export type Variant = keyof typeof variants;

/** In memory: the header, the table with each word four times, and the records. */
const headerWords = 20;
const tableBegin = 128;
const recordsBegin = 8_192;
const recordSlots = 32;
/** So many that it hardly counts what a processor takes to get used to the next pass. */
const recordsAtOnce = 128;
const passCount = 3;
const pages = 2;

/** A miner of machine code. */
export interface Mining {
  /** The first 76 bytes of it are the header. */
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Is called once the header is in memory. */
  readonly prepare: () => void;
  /**
   * How many nonces from this one on were in vain before one whose hash begins with no more than
   * the limit; -1 where there is none. It may look a little further than it is told to, and behind
   * the last nonce it goes on with the first.
   */
  readonly search: (nonce: number, count: number, limit: number) => number;
}

/** The miner that tries so many nonces side by side; throws where the machine cannot. */
export function newMining(variant: Variant): Mining {
  const graph = new Graph();
  const header = Array.from({ length: headerWords - 1 }, () => graph.input(stages.job));
  const nonce = graph.input(stages.hash);
  const message = [...header, nonce].map((word) => swapped(graph, word));
  // The last word of the hash is the first one of the number that it is.
  const top = swapped(graph, sha256d(graph, message)[7]);
  const inputs = new Map(header.map((word, i) => [word, i * 4]));
  const { prepare, early } = tableFor([top], inputs, tableBegin);
  const task = { inputs: [nonce], results: [top], early };
  const records = recordsAt(recordsBegin, recordSlots, variants[variant]);
  const passes = passesOf('pass', task, records, passCount);
  const parts = [fill(records), ...passes, scan(records)];
  return instantiate(moduleBytes([...parts, search(parts, records), prepare], pages));
}

/** The other end first: our numbers begin with it, SHA-256's do not. */
function swapped(graph: Graph, word: Word): Word {
  const outer = graph.and(graph.turn(word, [8]), graph.fixed(0xff00ff00));
  const inner = graph.and(graph.turn(word, [24]), graph.fixed(0x00ff00ff));
  return graph.xor(outer, inner);
}

/** `fill(end, nonce)`: lays nonces into the records, this one first. */
function fill(records: Records): Func {
  const [end, nonce, record] = [0, 1, 2];
  const each = records.streams.flatMap((stream) => {
    const first = [...op.get(nonce), ...op.constant(stream.place), ...op.add];
    const nonces = stream.lanes.following(first);
    return stream.lanes.store(op.get(record), offsetIn(records, stream, 0), nonces);
  });
  const next = [...op.get(nonce), ...op.constant(width(records)), ...op.add, ...op.set(nonce)];
  const body = overRecords(records, { record, end }, [...each, ...next]);
  return { name: 'fill', parameters: 2, results: 0, locals: [valueTypes.i32], body };
}

/** `scan(end, limit)`: the first hash whose top is not above the limit; -1 where none is. */
function scan(records: Records): Func {
  const [end, limit, record, before, hits] = [0, 1, 2, 3, 4];
  const compare = records.streams.flatMap((stream) => [
    ...stream.lanes.notAbove(
      stream.lanes.load(op.get(record), offsetIn(records, stream, 0)),
      op.get(limit),
    ),
    ...[...op.constant(stream.place), ...op.shiftLeft],
    ...(stream.place > 0 ? op.or : []),
  ]);
  const body = overRecords(records, { record, end }, [
    ...[...compare, ...op.set(hits), ...op.get(hits), ...op.if],
    ...[...op.get(before), ...op.get(hits), ...op.countTrailingZeros, ...op.add, ...op.return],
    ...op.end,
    ...[...op.get(before), ...op.constant(width(records)), ...op.add, ...op.set(before)],
  ]);
  const locals = [valueTypes.i32, valueTypes.i32, valueTypes.i32];
  return { name: 'scan', parameters: 2, results: 1, locals, body: [...body, ...op.constant(-1)] };
}

/** All records again and again: filled, passed through and scanned. */
function search(parts: readonly Func[], records: Records): Func {
  const [nonce, count, limit, tried, hit] = [0, 1, 2, 3, 4];
  const end = op.constant(recordsBegin + recordsAtOnce * recordBytes(records));
  const noncesAtOnce = op.constant(recordsAtOnce * width(records));
  const filling = [...end, ...op.get(nonce), ...op.get(tried), ...op.add, ...op.call(0)];
  const scanning = [...end, ...op.get(limit), ...op.call(parts.length - 1)];
  const body = [
    ...op.loop,
    ...filling,
    ...parts.slice(1, -1).flatMap((_, i) => [...end, ...op.call(i + 1)]),
    ...[...scanning, ...op.set(hit)],
    ...[...op.get(hit), ...op.constant(-1), ...op.isOther, ...op.if],
    ...[...op.get(tried), ...op.get(hit), ...op.add, ...op.return],
    ...op.end,
    ...[...op.get(tried), ...noncesAtOnce, ...op.add, ...op.set(tried)],
    ...[...op.get(tried), ...op.get(count), ...op.isBelow, ...op.branchIf(0)],
    ...op.end,
    ...op.constant(-1),
  ];
  const locals = [valueTypes.i32, valueTypes.i32];
  return { name: 'search', parameters: 3, results: 1, locals, body };
}
