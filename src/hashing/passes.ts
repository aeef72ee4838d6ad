/**
 * A graph as a row of passes. Each is a loop over records in memory, which takes words of a record
 * and leaves others there for the next pass.
 *
 * One loop would do, but what a processor remembers of decoded code is soon full, and then it runs
 * a third slower. So the steps are cut wherever it is, and the records carry over what is alive.
 */
import { emit, interleave, Locals } from './emit.ts';
import { ancestors, isStep, of, type Step, stages, type Word } from './graph.ts';
import { type Lanes, op } from './lanes.ts';
import { type Code, type Func, valueTypes } from './wasm.ts';

/** Steps of one stream between those of another: 64 are too many, no processor sees so far. */
const stepsInTurn = 2;

const wordBytes = 4;

/** What to make of each record: words in its first slots of words in its first slots. */
export interface Task {
  readonly inputs: readonly Word[];
  readonly results: readonly Word[];
  /** The code that gets what is the same for all records. */
  readonly early: (word: Word, lanes: Lanes) => Code;
}

/** One of those that work side by side, each on hashes of its own. */
export interface Stream {
  readonly lanes: Lanes;
  /** How many hashes of a record are those of streams before this one. */
  readonly place: number;
}

/** Where the records are, and what is in them. */
export interface Records {
  readonly begin: number;
  readonly slots: number;
  readonly streams: readonly Stream[];
}

/** A part of the steps: which words it finds in which slots of a record, and which it leaves. */
interface Part {
  readonly steps: readonly Step[];
  readonly found: ReadonlyMap<Word, number>;
  readonly left: ReadonlyMap<Word, number>;
}

/** Records of so many slots, from this address on. */
export function recordsAt(begin: number, slots: number, lanes: readonly Lanes[]): Records {
  const streams = lanes.map((each, i) => ({ lanes: each, place: sum(lanes.slice(0, i)) }));
  return { begin, slots, streams };
}

/** So many functions, each of which works from the first record up to the address it is told. */
export function passesOf(
  name: string,
  task: Task,
  records: Records,
  count: number,
): readonly Func[] {
  return cut(task, count).map((part, i) => {
    const used = Math.max(...part.found.values(), ...part.left.values()) + 1;
    if (used > records.slots) throw new Error(`${used} words in ${records.slots} slots`);
    return passOf(`${name}${i}`, part, records, task.early);
  });
}

/** How many hashes there are in a record. */
export function width({ streams }: Records): number {
  return sum(streams.map(({ lanes }) => lanes));
}

function sum(lanes: readonly Lanes[]): number {
  return lanes.reduce((all, { count }) => all + count, 0);
}

export function recordBytes(records: Records): number {
  return records.slots * width(records) * wordBytes;
}

/** How far into a record a stream's word in this slot is. */
export function offsetIn({ slots }: Records, { lanes, place }: Stream, slot: number): number {
  return (slots * place + slot * lanes.count) * wordBytes;
}

function cut({ inputs, results }: Task, count: number): readonly Part[] {
  const steps = ancestors(results)
    .filter(isStep)
    .filter(({ stage }) => stage === stages.hash);
  const size = Math.ceil(steps.length / count);
  const parts: Part[] = [];
  let found: ReadonlyMap<Word, number> = new Map(inputs.map((word, i) => [word, i]));
  for (let i = 0; i < steps.length; i += size) {
    const part = steps.slice(i, i + size);
    const later = steps.slice(i + size);
    const needed = new Set([...later.flatMap((step) => step.inputs), ...results]);
    const alive = [...found.keys(), ...part].filter((word) => needed.has(word));
    const left = later.length > 0 ? slotsFor(alive, found) : firstSlots(results, part);
    parts.push({ steps: part, found, left });
    found = left;
  }
  return parts;
}

/** What stays keeps its slot; what is new gets one in which nothing stays. */
function slotsFor(
  words: readonly Word[],
  before: ReadonlyMap<Word, number>,
): ReadonlyMap<Word, number> {
  const taken = new Set(words.map((word) => before.get(word)));
  let free = 0;
  const next = () => {
    while (taken.has(free)) free++;
    return free++;
  };
  return new Map(words.map((word) => [word, before.get(word) ?? next()]));
}

/** Results are stored last, in order: none of them may be there before. */
function firstSlots(results: readonly Word[], part: readonly Step[]): ReadonlyMap<Word, number> {
  const made = new Set<Word>(part);
  if (!results.every((word) => made.has(word))) throw new Error('a result is made too early');
  return new Map(results.map((word, i) => [word, i]));
}

function passOf(name: string, part: Part, records: Records, early: Task['early']): Func {
  const locals = new Locals(1);
  const record = locals.take(valueTypes.i32);
  const results = [...part.left.keys()].filter((word) => !part.found.has(word));
  const works = records.streams.map((stream) => {
    const { lanes } = stream;
    const offset = (slots: ReadonlyMap<Word, number>, word: Word) =>
      offsetIn(records, stream, of(slots, word));
    const given = (word: Word): Code =>
      word.stage === stages.hash
        ? lanes.load(op.get(record), offset(part.found, word))
        : early(word, lanes);
    const made = new Map<Word, Code>();
    const code = emit({ steps: part.steps, results, lanes, given }, locals, made);
    const store = (word: Word) =>
      lanes.store(op.get(record), offset(part.left, word), of(made, word));
    return { code, after: () => results.flatMap(store) };
  });
  const hashing = interleave(
    works.map(({ code }) => code),
    stepsInTurn,
  );
  const body = overRecords(records, { record, end: 0 }, [
    ...hashing,
    ...works.flatMap(({ after }) => after()),
  ]);
  return { name, parameters: 1, results: 0, locals: locals.types, body };
}

/** Does the same with each record from the first one on up to the address in the local `end`. */
export function overRecords(
  records: Records,
  { record, end }: { readonly record: number; readonly end: number },
  body: Code,
): Code {
  return [
    ...[...op.constant(records.begin), ...op.set(record)],
    ...op.loop,
    ...body,
    ...[...op.get(record), ...op.constant(recordBytes(records)), ...op.add, ...op.set(record)],
    ...[...op.get(record), ...op.get(end), ...op.isBelow, ...op.branchIf(0)],
    ...op.end,
  ];
}
