/**
 * Damage: a folder with a node's database, one thing in it broken, and everything asked of it.
 *
 * Each answer must be the right one, or the fault that says that the database is damaged.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashOf } from '../src/chain/entry.ts';
import type { Node } from '../src/node/node.ts';
import { type Block, hashHeader } from '../src/primitives/block.ts';
import { Fault } from '../src/primitives/fault.ts';
import { answerTo, type Disk, openDisk, type Question, questionsAbout } from './disk.ts';
import { diceOf, Wood } from './forest.ts';
import { wordOf } from './grove.ts';

/** A database with content, the same content in several states of its files. */
export interface Garden {
  readonly wood: Wood;
  /** Where each state lies: a folder that holds the folder `chain`. */
  readonly states: Readonly<Record<State, string>>;
  readonly questions: readonly Question[];
  /** The right answers, in the same order. */
  readonly answers: readonly string[];
  readonly remove: () => void;
}

/** An earlier copy; the whole after a clean end; the same where the log is full. */
export type State = 'earlier' | 'closed' | 'killed';

/** What is done to a copy. */
export interface Trial {
  /** Of the blocks that are handed in at last. */
  readonly seed: number;
  /** Damages a folder, and says how. */
  readonly damage: (place: string) => string;
}

/** What one trial came to. */
export interface Outcome {
  /** What was done to the files. */
  readonly what: string;
  /** Did the database open at all? */
  readonly isOpen: boolean;
  readonly right: number;
  readonly damaged: number;
  /** What must never be. */
  readonly wrong: readonly string[];
}

export async function growGarden(): Promise<Garden> {
  const root = mkdtempSync(join(tmpdir(), 'chain-damage-'));
  const wood = new Wood({ seed: 1, rounds: 16, stretch: 16, depth: [1, 6] });
  const states = {
    earlier: join(root, 'earlier'),
    closed: join(root, 'closed'),
    killed: join(root, 'killed'),
  };
  const growing = join(root, 'growing');
  const parts = 4;
  const size = Math.ceil(wood.blocks.length / parts);
  for (let part = 0; part < parts; part++) {
    const { node, close } = await openDisk(growing);
    for (const block of wood.blocks.slice(part * size, (part + 1) * size)) {
      await node.submitBlock(block);
    }
    if (part === parts - 1) {
      for (const payment of wood.waiting) await node.submitPayment(payment);
      // LevelDB writes through: what lies there now is what a process killed now leaves behind.
      cpSync(growing, states.killed, { recursive: true });
    }
    await close();
    if (part === parts - 2) cpSync(growing, states.earlier, { recursive: true });
  }
  // Opened once more, so that what lay in the log lies in a table.
  await (await openDisk(growing)).close();
  cpSync(growing, states.closed, { recursive: true });
  const { node, close } = await openDisk(growing);
  const questions = questionsAbout(wood.blocks);
  const answers: string[] = [];
  for (const question of questions) answers.push(await answerTo(question, node));
  await close();
  const remove = () => rmSync(root, { recursive: true, force: true });
  return { wood, states, questions, answers, remove };
}

/** Breaks something in a copy of a state of the garden, and asks everything. */
export async function tryDamage(
  garden: Garden,
  state: State,
  { seed, damage }: Trial,
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'chain-damaged-'));
  try {
    cpSync(garden.states[state], folder, { recursive: true });
    const what = damage(join(folder, 'chain'));
    const disk = await openDisk(folder).catch((error: unknown) => blame('to open', error));
    if ('wrong' in disk) return { what, isOpen: false, right: 0, ...disk };
    return { what, isOpen: true, ...(await askAll(garden, disk, seed)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function askAll(garden: Garden, { node, close }: Disk, seed: number): Promise<Answers> {
  const answers = new Answers();
  try {
    for (const [i, question] of garden.questions.entries()) {
      const [name] = question;
      const expected = garden.answers[i] ?? '';
      await answers.compare(name, expected, () => answerTo(question, node));
    }
    const { wood } = garden;
    const bad = wood.bad(seed);
    const badly = 'bad-txns-inputs-missingorspent';
    await answers.compare('a bad block', badly, () => submit(node, bad));
    const next = wood.next(seed);
    await answers.compare('a good block', 'connected', () => submit(node, next));
    for (const block of [...wood.blocks, next]) {
      const name = `is ${hashHeader(block.header)} bad`;
      await answers.compare(name, 'false', async () => String(await isBad(node, block)));
    }
  } finally {
    await close();
  }
  return answers;
}

async function submit(node: Node, block: Block): Promise<string> {
  const answer = wordOf(await node.submitBlock(block));
  const isTip = hashOf(node.chain.tip) === hashHeader(block.header);
  return answer === 'connected' && !isTip ? 'connected, and yet not the tip' : answer;
}

async function isBad({ chain }: Node, { header }: Block): Promise<boolean> {
  return (await chain.store.entry(hashHeader(header)))?.isFailed ?? false;
}

/** An error is the fault that is due, or wrong. */
function blame(name: string, error: unknown) {
  const isDamaged = error instanceof Fault && error.code === 'damaged';
  return isDamaged
    ? { damaged: 1, wrong: [] }
    : { damaged: 0, wrong: [`${name}: ${cut(String(error))}`] };
}

class Answers {
  right = 0;
  damaged = 0;
  readonly wrong: string[] = [];

  async compare(name: string, expected: string, ask: () => Promise<string>): Promise<void> {
    try {
      const answer = await ask();
      if (answer === expected) this.right++;
      else this.wrong.push(`${name}: ${cut(answer)} and not ${cut(expected)}`);
    } catch (error) {
      const { damaged, wrong } = blame(name, error);
      this.damaged += damaged;
      this.wrong.push(...wrong);
    }
  }
}

/** Counts the outcomes of many trials. */
export class Tally {
  #unopened = 0;
  #noticed = 0;
  #right = 0;
  #wrong = 0;

  add({ isOpen, damaged, wrong }: Outcome): void {
    if (wrong.length > 0) this.#wrong++;
    else if (!isOpen) this.#unopened++;
    else if (damaged > 0) this.#noticed++;
    else this.#right++;
  }

  toString(): string {
    const trials = this.#unopened + this.#noticed + this.#right + this.#wrong;
    return (
      `of ${trials} damaged databases ${this.#unopened} did not open, ${this.#noticed} had ` +
      `answers that they refused, ${this.#right} only right ones, ${this.#wrong} wrong ones`
    );
  }
}

function cut(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** The kinds of files that hold a database. LOCK and LevelDB's own diary hold nothing. */
export const kinds = [/\.ldb$/, /\.log$/, /^MANIFEST/, /^CURRENT$/, /^last$/];

export function filesIn(place: string): readonly string[] {
  return readdirSync(place)
    .filter((name) => kinds.some((kind) => kind.test(name)))
    .toSorted();
}

/** Turns one bit in a file: of any kind in turn, three times of four in a table or the log. */
export function turnOneBit(place: string, seed: number): string {
  const roll = diceOf(seed);
  const kind = kinds[roll(4) > 0 ? roll(2) : roll(kinds.length)];
  const all = filesIn(place).filter((name) => readFileSync(join(place, name)).length > 0);
  const some = all.filter((name) => kind?.test(name));
  const files = (some.length > 0 ? some : all).map((name) => ({
    path: join(place, name),
    bytes: readFileSync(join(place, name)),
  }));
  let at = roll(files.reduce((sum, { bytes }) => sum + bytes.length, 0));
  for (const { path, bytes } of files) {
    if (at < bytes.length) {
      bytes[at] = (bytes[at] ?? 0) ^ (1 << roll(8));
      writeFileSync(path, bytes);
      return `${path.split('/').at(-1)} byte ${at}`;
    }
    at -= bytes.length;
  }
  throw new Error('there is nothing to damage');
}
