/**
 * Words that are not known yet, as a graph of what is to be done to get them, and the folding of
 * what can be known early.
 *
 * Every word has a stage. What depends on constants alone is reckoned here and now. What depends
 * on the job too is reckoned once a job. Only what depends on the nonce is left for the loop. An
 * operation has the stage of its latest input, so all that miners are proud of falls out by
 * itself: the state after the first 64 bytes, the first three rounds and most of the fourth, the
 * words of the schedule that the nonce has not reached, the padding, the sums of constants. And
 * what no result needs, such as the last rounds of seven words in eight, is never made.
 */
import type { Arithmetic } from './rounds.ts';

/** When a word is known: always, once a job, or with every hash. */
export const stages = { fixed: 0, job: 1, hash: 2 } as const;

export type Operation = 'add' | 'xor' | 'and' | 'turn' | 'shift';

interface Known {
  readonly stage: number;
  /** In the order in which they were made: inputs before what is made of them. */
  readonly id: number;
}
/** A word with a value. */
interface Fixed extends Known {
  readonly kind: 'fixed';
  readonly value: number;
}
/** A word that comes from outside. */
interface Input extends Known {
  readonly kind: 'input';
}
/** A word that is made of others. */
export interface Step extends Known {
  readonly kind: Operation;
  readonly inputs: readonly Word[];
  /** By how many bits it is turned or shifted. */
  readonly bits: readonly number[];
}
export type Word = Fixed | Input | Step;

export class Graph implements Arithmetic<Word> {
  /** What was made before is not made again. */
  readonly #known = new Map<string, Word>();
  #count = 0;

  input(stage: number): Word {
    return { kind: 'input', stage, id: this.#count++ };
  }

  fixed(value: number): Word {
    const word = value | 0;
    return this.#once(`${word}`, (id) => ({ kind: 'fixed', stage: stages.fixed, id, value: word }));
  }

  add(a: Word, b: Word): Word {
    const [late, early] = inOrder(a, b);
    if (isFixed(early) && isFixed(late)) return this.fixed(late.value + early.value);
    if (isFixed(early) && early.value === 0) return late;
    // (x + known) + known is x + (known + known): the sum in brackets is known early.
    if (late.kind === 'add' && late.stage > early.stage) {
      const [x, known] = late.inputs as [Word, Word];
      if (known.stage < late.stage) return this.add(x, this.add(known, early));
    }
    return this.#step('add', [late, early]);
  }

  xor(a: Word, b: Word): Word {
    const [late, early] = inOrder(a, b);
    if (isFixed(early) && isFixed(late)) return this.fixed(late.value ^ early.value);
    if (isFixed(early) && early.value === 0) return late;
    return this.#step('xor', [late, early]);
  }

  and(a: Word, b: Word): Word {
    const [late, early] = inOrder(a, b);
    if (isFixed(early) && isFixed(late)) return this.fixed(late.value & early.value);
    if (isFixed(early) && early.value === 0) return early;
    return this.#step('and', [late, early]);
  }

  turn(a: Word, bits: readonly number[]): Word {
    if (!isFixed(a)) return this.#step('turn', [a], bits);
    const turned = bits.map((each) => (a.value >>> each) | (a.value << (32 - each)));
    return this.fixed(turned.reduce((one, other) => one ^ other, 0));
  }

  shift(a: Word, bits: number): Word {
    return isFixed(a) ? this.fixed(a.value >>> bits) : this.#step('shift', [a], [bits]);
  }

  #step(kind: Operation, inputs: readonly Word[], bits: readonly number[] = []): Word {
    const stage = Math.max(...inputs.map((each) => each.stage));
    const name = `${kind} ${bits} ${inputs.map(({ id }) => id)}`;
    return this.#once(name, (id) => ({ kind, stage, id, inputs, bits }));
  }

  #once(name: string, make: (id: number) => Word): Word {
    const known = this.#known.get(name);
    if (known) return known;
    const made = make(this.#count++);
    this.#known.set(name, made);
    return made;
  }
}

/** What is known later comes first. */
function inOrder(a: Word, b: Word): readonly [late: Word, early: Word] {
  const isLater = a.stage === b.stage ? a.id > b.id : a.stage > b.stage;
  return isLater ? [a, b] : [b, a];
}

function isFixed(word: Word): word is Fixed {
  return word.kind === 'fixed';
}

/** All that these results are made of, inputs before what is made of them. */
export function ancestors(results: Iterable<Word>): readonly Word[] {
  const found = new Set(results);
  for (const word of found) if (isStep(word)) for (const input of word.inputs) found.add(input);
  return [...found].toSorted((a, b) => a.id - b.id);
}

export function isStep(word: Word): word is Step {
  return 'inputs' in word;
}

/** What is known of a word; a bug where nothing is. */
export function of<T>(words: ReadonlyMap<Word, T>, word: Word): T {
  const known = words.get(word);
  if (known === undefined) throw new Error(`nothing is known of word ${word.id}`);
  return known;
}
