/**
 * Chooses the kernel while it mines: none is believed that differs from the plain one, and of the
 * others the fastest stays.
 *
 * A short search is over before machine code is made, so the plain kernel begins. Then the others
 * are made and checked, and mine by turns. What counts is the best of each one's turns: a machine
 * makes code fast only after a while, and may be called away.
 */
import { main } from '../consensus/params.ts';
import { numberFromHash } from '../consensus/work.ts';
import { hashHeader } from '../primitives/block.ts';
import { sha256 } from '../primitives/hash.ts';
import { type Kernel, plainKernel, type Search, searchOf } from './kernel.ts';
import { wasmKernel } from './wasmkernel.ts';

/** Makes a kernel, or throws where this machine cannot have it. */
export type KernelMaker = () => Kernel;

/** Those that may be faster than the plain one; which of them is hangs on the processor. */
export const wasmKernels: readonly KernelMaker[] = [
  () => wasmKernel('four lanes and one'),
  () => wasmKernel('four lanes'),
  () => wasmKernel('one lane'),
];

/** Nonces that are tried plainly before others are made: some hundredths of a second. */
const patienceNonces = 40_000;
/** Few, for machine code is slow at first, and a new tip does not wait. */
const noncesInTurn = 2_000;
/** Enough for the machine to have made its code fast. */
const turnsEach = 100;

/** The kernel for each part of whatever is searched, one after the other. */
export function* chooseKernel(
  makers: readonly KernelMaker[],
  now: () => number,
): Generator<Kernel, never> {
  const plain = new Contestant(plainKernel, now);
  while (plain.nonces < patienceNonces) yield plain.turn;
  const contestants = [plain];
  for (const make of makers) {
    const kernel = makeSound(make);
    if (kernel) contestants.push(new Contestant(kernel, now));
    yield plainKernel;
  }
  const [, ...others] = contestants;
  for (const each of others) {
    while (each.nonces < turnsEach * noncesInTurn) yield each.turn;
  }
  const fastest = contestants.reduce((best, each) => (each.rate > best.rate ? each : best));
  for (;;) yield fastest.kernel;
}

class Contestant {
  readonly kernel: Kernel;
  readonly #now: () => number;
  /** How many it tried in vain; those of a turn that ended with a hit say little. */
  nonces = 0;
  /** The best of its turns, in nonces a millisecond. */
  rate = 0;

  constructor(kernel: Kernel, now: () => number) {
    this.kernel = kernel;
    this.#now = now;
  }

  /** The kernel for one turn, which is timed. */
  get turn(): Kernel {
    return { ...this.kernel, noncesAtOnce: noncesInTurn, search: (search) => this.#time(search) };
  }

  #time(search: Search): number | undefined {
    const begin = this.#now();
    const nonce = this.kernel.search(search);
    if (nonce !== undefined) return nonce;
    this.nonces += search.count;
    this.rate = Math.max(this.rate, search.count / (this.#now() - begin));
    return undefined;
  }
}

/** One that is missing here is no failure: the next takes its place, and the plain one is there. */
function makeSound(make: KernelMaker): Kernel | undefined {
  try {
    const kernel = make();
    return isSound(kernel) ? kernel : undefined;
  } catch {
    return undefined;
  }
}

/** Does it find the nonce of our first block, and what the plain one finds elsewhere? */
export function isSound(kernel: Kernel): boolean {
  const { header } = main.genesis;
  const near = { firstNonce: header.nonce - 300, count: 301 };
  // The highest target that it does not meet is one below its hash.
  const hash = numberFromHash(hashHeader(header));
  const just = { ...searchOf(header, hash, near.count), ...near };
  const never = { ...searchOf(header, hash - 1n, near.count), ...near };
  return [just, never, { ...just, count: 300 }, ...trials()].every((each) => isSame(kernel, each));
}

function isSame(kernel: Kernel, search: Search): boolean {
  const [ours, plain] = [kernel, plainKernel].map((each) => hits(each, search));
  return `${ours}` === `${plain}`;
}

/** All nonces of the search that do. */
function hits(kernel: Kernel, search: Search): readonly number[] {
  const found: number[] = [];
  let rest = search;
  for (let nonce = kernel.search(rest); nonce !== undefined; nonce = kernel.search(rest)) {
    found.push(nonce);
    if (found.length > search.count) break;
    const firstNonce = nonce + 1;
    rest = { ...rest, firstNonce, count: search.firstNonce + search.count - firstNonce };
  }
  return found;
}

/** Searches without a meaning, in which one nonce in 32 does; the last one ends where nonces do. */
function trials(): readonly Search[] {
  const target = Uint8Array.of(7, ...new Uint8Array(31).fill(0xff));
  return [0, 2 ** 31 - 150, 123_456_789, 2 ** 32 - 100].map((firstNonce, i) => {
    const noise = [1, 2, 3].flatMap((each) => [...sha256(Uint8Array.of(i, each))]);
    return { header: Uint8Array.from(noise.slice(0, 80)), target, firstNonce, count: 300 };
  });
}
