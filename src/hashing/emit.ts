/** From a graph to machine code: one instruction or a few a word, in the order of the graph. */
import type { Step, Word } from './graph.ts';
import { type Lanes, op } from './lanes.ts';
import type { Code, ValueType } from './wasm.ts';

/** The local variables of a function, each of which serves many words one after the other. */
export class Locals {
  readonly #first: number;
  readonly #types: ValueType[] = [];
  readonly #free = new Map<ValueType, number[]>();

  constructor(parameters: number) {
    this.#first = parameters;
  }

  /** The types of all that there are. */
  get types(): readonly ValueType[] {
    return this.#types;
  }

  take(type: ValueType): number {
    return this.#free.get(type)?.pop() ?? this.#first + this.#types.push(type) - 1;
  }

  giveBack(local: number, type: ValueType): void {
    const free = this.#free.get(type);
    if (free) free.push(local);
    else this.#free.set(type, [local]);
  }
}

/** What is made, of what, and how. */
export interface Work {
  readonly steps: readonly Step[];
  readonly results: readonly Word[];
  readonly lanes: Lanes;
  /** The code that gets a word that is there already. */
  readonly given: (word: Word) => Code;
}

/** Makes the results in a stream of pieces, and leaves the code that gets them in `made`. */
export function* emit(
  { steps, results, lanes, given }: Work,
  locals: Locals,
  made: Map<Word, Code>,
): Generator<Code> {
  const uses = lastUses(steps, results);
  const held = new Map<Word, number>();
  const get = (word: Word): Code => {
    const local = held.get(word);
    return local === undefined ? given(word) : op.get(local);
  };
  for (const step of steps) {
    const code = instruction(step, lanes, get);
    for (const input of new Set(step.inputs)) {
      const local = held.get(input);
      if (uses.get(input) === step && local !== undefined) locals.giveBack(local, lanes.type);
    }
    const local = locals.take(lanes.type);
    held.set(step, local);
    yield [...code, ...op.set(local)];
  }
  for (const result of results) made.set(result, get(result));
}

function instruction(step: Step, lanes: Lanes, get: (word: Word) => Code): Code {
  const [a = [], b = []] = step.inputs.map(get);
  if (step.kind === 'turn' || step.kind === 'shift') return lanes[step.kind](a, step.bits);
  return [...a, ...b, ...lanes[step.kind]];
}

/** The step that needs a word last; none for results, which are needed afterwards. */
function lastUses(steps: readonly Step[], results: readonly Word[]): ReadonlyMap<Word, Step> {
  const uses = new Map<Word, Step>();
  for (const step of steps) for (const input of step.inputs) uses.set(input, step);
  for (const result of results) uses.delete(result);
  return uses;
}

/** Several streams by turns, so many pieces of each at a time, until all have ended. */
export function interleave(streams: readonly Generator<Code>[], pieces: number): Code {
  const code: number[] = [];
  let open = [...streams];
  while (open.length > 0) {
    open = open.filter((stream) => {
      for (let i = 0; i < pieces; i++) {
        const next = stream.next();
        if (next.done) return false;
        for (const byte of next.value) code.push(byte);
      }
      return true;
    });
  }
  return code;
}
