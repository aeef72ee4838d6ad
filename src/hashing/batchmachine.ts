/**
 * The module that hashes four messages side by side, SHA-256 twice of each: block after block goes
 * through the passes of `compress`, and the hash that comes out through those of `finish`.
 */
import { Graph, stages, type Word } from './graph.ts';
import { fourLanes, op, op4 } from './lanes.ts';
import { offsetIn, overRecords, passesOf, recordBytes, recordsAt } from './passes.ts';
import { compress, initialState, padding, type State, sha256 } from './rounds.ts';
import { tableFor } from './table.ts';
import { type Code, type Func, instantiate, moduleBytes, valueTypes } from './wasm.ts';

export const blockBytes = 64;
export const hashBytes = 32;
export const pairBytes = 64;
export const headerBytes = 80;
export const wordBytes = 4;
export const stateWords = 8;
const blockWords = 16;
export const lanes = fourLanes.count;

/** In memory: two tables, the records, the hashes, the messages. */
const compressTable = 0;
const finishTable = 2_048;
const records = recordsAt(4_096, 40, [fourLanes]);
/** As many as the nearest cache has room for. */
export const recordsAtOnce = 16;
export const hashesBegin = records.begin + recordsAtOnce * recordBytes(records);
export const messagesBegin = hashesBegin + recordsAtOnce * lanes * hashBytes;
const pages = 8;
export const messagesBytes = pages * 65_536 - messagesBegin;

/** Where the records of so many messages end; in the last one there may be fewer than four. */
export function endOf(count: number): number {
  return records.begin + Math.ceil(count / lanes) * recordBytes(records);
}

/** The parts of the work. Each takes the address where the records end. */
export interface Machine {
  readonly memory: Uint8Array;
  readonly words: Uint32Array;
  /** Lays the state down with which every hash begins. */
  readonly begin: (end: number) => void;
  /** Fetches a block for each, from this address on, one so many bytes behind the other. */
  readonly gather: (end: number, address: number, stride: number) => void;
  readonly compress: (end: number) => void;
  /** Replaces the rest of the block, behind what is left of 64 or 80 bytes. */
  readonly padPair: (end: number) => void;
  readonly padHeader: (end: number) => void;
  /** The hash of the hash. */
  readonly finish: (end: number) => void;
  /** Brings the hashes to this address. */
  readonly drain: (end: number, address: number) => void;
}

/** Throws where the processor has no four lanes. */
export function newMachine(): Machine {
  const compressing = compressPasses();
  const finishing = finishPasses();
  const passes = [...compressing.passes, ...finishing.passes];
  const middle = compressing.passes.length;
  const bytes = moduleBytes(
    [
      ...passes,
      inTurn('compress', 0, middle),
      inTurn('finish', middle, passes.length),
      ...[begin(), gather(), drain(), pad('padPair', pairBytes), pad('padHeader', headerBytes)],
      { ...compressing.prepare, name: 'prepareCompress' },
      { ...finishing.prepare, name: 'prepareFinish' },
    ],
    pages,
  );
  const exports = instantiate<Exports>(bytes);
  exports.prepareCompress();
  exports.prepareFinish();
  const memory = new Uint8Array(exports.memory.buffer);
  return { ...exports, memory, words: new Uint32Array(exports.memory.buffer) };
}

interface Exports extends Omit<Machine, 'memory' | 'words'> {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly prepareCompress: () => void;
  readonly prepareFinish: () => void;
}

function compressPasses() {
  const graph = new Graph();
  const inputs = Array.from({ length: stateWords + blockWords }, () => graph.input(stages.hash));
  const state = inputs.slice(0, stateWords) as unknown as State<Word>;
  const results = compress(graph, state, inputs.slice(stateWords));
  const { prepare, early } = tableFor(results, new Map(), compressTable);
  return { prepare, passes: passesOf('compress', { inputs, results, early }, records, 2) };
}

function finishPasses() {
  const graph = new Graph();
  const inputs = Array.from({ length: stateWords }, () => graph.input(stages.hash));
  const results = sha256(graph, inputs);
  const { prepare, early } = tableFor(results, new Map(), finishTable);
  return { prepare, passes: passesOf('finish', { inputs, results, early }, records, 2) };
}

/** The functions from one number up to another, each told where the records end. */
function inTurn(name: string, first: number, after: number): Func {
  const numbers = Array.from({ length: after - first }, (_, i) => first + i);
  const body = numbers.flatMap((number) => [...op.get(0), ...op.call(number)]);
  return { name, parameters: 1, results: 0, locals: [], body };
}

const [stream] = records.streams;

/** How far into a record a word is. */
function offset(slot: number): number {
  return stream ? offsetIn(records, stream, slot) : 0;
}

function begin(): Func {
  const [end, record] = [0, 1];
  const state = initialState(new Graph());
  const laying = state.flatMap((word, i) => {
    const value = fourLanes.fixed(word.kind === 'fixed' ? word.value : 0);
    return fourLanes.store(op.get(record), offset(i), value);
  });
  const body = overRecords(records, { record, end }, laying);
  return { name: 'begin', parameters: 1, results: 0, locals: [valueTypes.i32], body };
}

const places = [0, 1, 2, 3];

function gather(): Func {
  const [end, address, stride, record, words] = [0, 1, 2, 3, 4];
  const addressOf = (place: number) => [
    ...[...op.get(address), ...op.get(stride), ...op.constant(place), ...op.multiply, ...op.add],
  ];
  const fetching = Array.from({ length: blockWords }, (_, i) => [
    ...places.flatMap((place) => [
      ...[...addressOf(place), ...op.get(words), ...op4.loadLane(place, i * wordBytes)],
      ...op.set(words),
    ]),
    ...fourLanes.store(op.get(record), offset(stateWords + i), swapped(op.get(words))),
  ]).flat();
  const next = [...addressOf(lanes), ...op.set(address)];
  const body = overRecords(records, { record, end }, [...fetching, ...next]);
  const locals = [valueTypes.i32, valueTypes.v128];
  return { name: 'gather', parameters: 3, results: 0, locals, body };
}

/** Lays down what follows a message of so many bytes in its last block. */
function pad(name: string, bytes: number): Func {
  const [end, record] = [0, 1];
  const padded = padding(bytes / wordBytes);
  const laying = padded.flatMap((word, i) => {
    const slot = stateWords + blockWords - padded.length + i;
    return fourLanes.store(op.get(record), offset(slot), fourLanes.fixed(word));
  });
  const body = overRecords(records, { record, end }, laying);
  return { name, parameters: 1, results: 0, locals: [valueTypes.i32], body };
}

function drain(): Func {
  const [end, address, record, words] = [0, 1, 2, 3];
  const bringing = Array.from({ length: stateWords }, (_, i) => [
    ...[...fourLanes.load(op.get(record), offset(i)), ...op.set(words)],
    ...[...swapped(op.get(words)), ...op.set(words)],
    ...places.flatMap((place) => [
      ...[...op.get(address), ...op.get(words)],
      ...op4.storeLane(place, place * hashBytes + i * wordBytes),
    ]),
  ]).flat();
  const next = [...op.get(address), ...op.constant(lanes * hashBytes), ...op.add];
  const body = overRecords(records, { record, end }, [...bringing, ...next, ...op.set(address)]);
  const locals = [valueTypes.i32, valueTypes.v128];
  return { name: 'drain', parameters: 2, results: 0, locals, body };
}

/** The other end first in each of four words: memory begins with it, SHA-256 does not. */
function swapped(words: Code): Code {
  const bytes = [0, 4, 8, 12].flatMap((first) => [first + 3, first + 2, first + 1, first]);
  return [...words, ...words, ...op4.shuffle(...bytes)];
}
