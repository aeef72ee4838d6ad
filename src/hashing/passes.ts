/**
 * A graph as a row of passes. Each is a loop over records in memory, which takes words of a record
 * and leaves others there for the next pass.
 *
 * One loop would do, but what a processor remembers of decoded code is soon full, and then it runs
 * a third slower. So the steps are cut wherever it is, and the records carry over what is alive.
 */
import { emit, interleave, Locals } from './emit.ts';
import { ancestors, isStep, type Step, stages, type Word } from './graph.ts';
import { type Lanes, op } from './lanes.ts';
import { type Code, type Func, valueTypes } from './wasm.ts';

/** Steps of one stream between those of another: 64 are too many, no processor sees so far. */
const stepsInTurn = 4;

/** Records begin where 16 bytes do. */
const alignment = 16;

/** What to make of each record. */
export interface Task {
  readonly inputs: readonly Word[];
  readonly results: readonly Word[];
  /** The code that gets what is the same for all records, constants and the job's. */
  readonly early: (word: Word, lanes: Lanes) => Code;
}

/** One of those that work side by side, each on hashes of its own. */
export interface Stream {
  readonly lanes: Lanes;
  /** How many hashes of a record are those of streams before this one. */
  readonly place: number;
}

export interface Passes {
  /** Each works from the first record up to the address that it is told. */
  readonly functions: readonly Func[];
  readonly streams: readonly Stream[];
  readonly recordBytes: number;
  /** How far into a record a word is. */
  readonly offsetOf: (word: Word, stream: Stream) => number;
}

/** A part of the steps: which words it finds in which slots of a record, and which it leaves. */
interface Part {
  readonly steps: readonly Step[];
  readonly found: ReadonlyMap<Word, number>;
  readonly left: ReadonlyMap<Word, number>;
}

/** So many passes over the records from this address on. */
export function passesOf(
  task: Task,
  lanes: readonly Lanes[],
  { count, begin }: { readonly count: number; readonly begin: number },
): Passes {
  const parts = cut(task, count);
  const slots = Math.max(...parts.flatMap(({ found, left }) => [found.size, left.size]));
  const streams = lanes.map((each, i) => ({ lanes: each, place: width(lanes.slice(0, i)) }));
  const recordBytes = Math.ceil((slots * width(lanes) * 4) / alignment) * alignment;
  const at = (slot: number, { lanes, place }: Stream) => (slots * place + slot * lanes.count) * 4;
  const functions = parts.map((part, i) => {
    const offset = (word: Word, stream: Stream) =>
      at(part.found.get(word) ?? part.left.get(word) ?? 0, stream);
    return passOf(`pass${i}`, part, { streams, begin, recordBytes, offset, early: task.early });
  });
  const ends = new Map([...(parts[0]?.found ?? []), ...(parts.at(-1)?.left ?? [])]);
  const offsetOf = (word: Word, stream: Stream) => at(ends.get(word) ?? 0, stream);
  return { functions, streams, recordBytes, offsetOf };
}

/** How many hashes these do at a time. */
export function width(lanes: readonly Lanes[]): number {
  return lanes.reduce((sum, { count }) => sum + count, 0);
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
    const needed = new Set([...steps.slice(i + size).flatMap((step) => step.inputs), ...results]);
    const left = slotsFor(
      [...found.keys(), ...part].filter((word) => needed.has(word)),
      found,
    );
    parts.push({ steps: part, found, left });
    found = left;
  }
  return parts;
}

/** What stays keeps its slot; what is new gets one that nothing stays in. */
function slotsFor(words: readonly Word[], before: ReadonlyMap<Word, number>) {
  const staying = words.filter((word) => before.has(word));
  const slots = new Map(staying.map((word) => [word, before.get(word) ?? 0]));
  const taken = new Set(slots.values());
  let slot = 0;
  for (const word of words) {
    if (slots.has(word)) continue;
    while (taken.has(slot)) slot++;
    slots.set(word, slot++);
  }
  return slots;
}

interface Setting extends Pick<Passes, 'streams' | 'recordBytes'> {
  readonly begin: number;
  readonly offset: (word: Word, stream: Stream) => number;
  readonly early: Task['early'];
}

function passOf(name: string, part: Part, { streams, offset, early, ...where }: Setting): Func {
  const locals = new Locals(1);
  const record = locals.take(valueTypes.i32);
  const results = [...part.left.keys()].filter((word) => !part.found.has(word));
  const works = streams.map((stream) => {
    const { lanes } = stream;
    const given = (word: Word): Code =>
      word.stage === stages.hash
        ? lanes.load(op.get(record), offset(word, stream))
        : early(word, lanes);
    const made = new Map<Word, Code>();
    const code = emit({ steps: part.steps, results, lanes, given }, locals, made);
    const store = (word: Word) =>
      lanes.store(op.get(record), offset(word, stream), made.get(word) ?? []);
    return { code, after: () => results.flatMap(store) };
  });
  const hashing = interleave(
    works.map(({ code }) => code),
    stepsInTurn,
  );
  const body = overRecords(where, { record, end: 0 }, [
    ...hashing,
    ...works.flatMap(({ after }) => after()),
  ]);
  return { name, parameters: 1, results: 0, locals: locals.types, body };
}

/** Does the same with each record from the first one on up to the address in the local `end`. */
export function overRecords(
  { begin, recordBytes }: { readonly begin: number; readonly recordBytes: number },
  { record, end }: { readonly record: number; readonly end: number },
  body: Code,
): Code {
  return [
    ...[...op.constant(begin), ...op.set(record)],
    ...op.loop,
    ...body,
    ...[...op.get(record), ...op.constant(recordBytes), ...op.add, ...op.set(record)],
    ...[...op.get(record), ...op.get(end), ...op.isBelow, ...op.branchIf(0)],
    ...op.end,
  ];
}
