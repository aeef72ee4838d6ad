/**
 * What is known before the hashes begin, as a table in memory: every word four times, so that one
 * instruction fetches it for four lanes. As part of the code it would take three.
 */
import { emit, interleave, Locals } from './emit.ts';
import { ancestors, isStep, of, stages, type Word } from './graph.ts';
import { type Lanes, oneLane, op } from './lanes.ts';
import type { Code, Func } from './wasm.ts';

/** A word four times. */
const entryBytes = 16;

export interface Table {
  /** The function without parameters that makes the table. */
  readonly prepare: Func;
  /** The code that gets a word of it. */
  readonly early: (word: Word, lanes: Lanes) => Code;
}

/** The table of what these results need; where the job's inputs are is told in `inputs`. */
export function tableFor(
  results: readonly Word[],
  inputs: ReadonlyMap<Word, number>,
  begin: number,
): Table {
  const late = ancestors(results)
    .filter(isStep)
    .filter(({ stage }) => stage === stages.hash);
  const early = late.flatMap((step) => step.inputs.filter(({ stage }) => stage < stages.hash));
  const entries = new Map([...new Set(early)].map((word, i) => [word, begin + i * entryBytes]));
  return {
    prepare: prepare(entries, inputs),
    // One lane has constants in its instructions.
    early: (word, lanes) =>
      lanes === oneLane && word.kind === 'fixed'
        ? lanes.fixed(word.value)
        : lanes.load(op.constant(0), of(entries, word)),
  };
}

function prepare(entries: ReadonlyMap<Word, number>, inputs: ReadonlyMap<Word, number>): Func {
  const locals = new Locals(0);
  const results = [...entries.keys()];
  const steps = ancestors(results).filter(isStep);
  const made = new Map<Word, Code>();
  const given = (word: Word) =>
    word.kind === 'fixed'
      ? oneLane.fixed(word.value)
      : oneLane.load(op.constant(0), of(inputs, word));
  const making = interleave([emit({ steps, results, lanes: oneLane, given }, locals, made)], 1);
  const laying = [...entries].flatMap(([word, address]) =>
    // Not as four lanes: where there are none, one lane needs the table too.
    [0, 4, 8, 12].flatMap((more) => oneLane.store(op.constant(0), address + more, of(made, word))),
  );
  const body = [...making, ...laying];
  return { name: 'prepare', parameters: 0, results: 0, locals: locals.types, body };
}
