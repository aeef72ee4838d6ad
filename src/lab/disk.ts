/**
 * The disk: a database in memory that can lose power.
 *
 * Its whole content is one value that never changes, so a snapshot is free and so is going back to
 * what had been written a moment ago. A machine that died answers nobody, neither yes nor no:
 * whatever ran on it stands still for ever, as if it had been killed.
 */
import type { Database, Operation, Snapshot } from '../chain/database.ts';
import type { LastBatch } from '../chain/guard.ts';
import type { Chance } from './chance.ts';
import { lookUp, type SortedMap, type Span, walk, withKey, withoutKey } from './sorted.ts';

type Content = SortedMap<Uint8Array>;

/** A program that is killed leaves all it wrote; a loss of power takes what was not synced. */
export type Death = 'kill' | 'power';

/** A content that stands still. */
class Still implements Snapshot {
  readonly content: Content;

  constructor(content: Content) {
    this.content = content;
  }

  async close(): Promise<void> {}
}

export class Disk {
  /** What would be there after a loss of power: the synced content, then all that came since. */
  #states: Content[] = [undefined];
  #boot: Boot | undefined;
  #last: number | undefined;

  /** The number of the last synced batch, as `Guard` keeps it beside the database. */
  readonly last: LastBatch = {
    read: () => this.#last,
    write: (number) => {
      this.#last = number;
    },
  };

  get isUp(): boolean {
    return this.#boot?.isAlive ?? false;
  }

  /** Starts a machine on it; the one before is dead from now on. */
  boot(): Database {
    this.#boot?.die();
    const boot = new Boot(this.#states.at(-1), (content, sync) => {
      this.#states = sync ? [content] : [...this.#states, content];
    });
    this.#boot = boot;
    return boot;
  }

  /** Ends the machine; all that it was told is written is there. */
  halt(): void {
    this.#boot?.die();
  }

  /**
   * Kills the machine. What is lost then is a matter of chance, but the end is lost first, no batch
   * is torn, and nothing is lost that was synced.
   */
  crash(death: Death, chance: Chance): void {
    const pending = this.#boot?.pending;
    this.#boot?.die();
    this.#boot = undefined;
    // What was under way when the machine died may have arrived, though nobody was told.
    const states = pending && chance.is(0.5) ? [...this.#states, pending.content] : this.#states;
    const kept = death === 'power' ? chance.below(states.length) : states.length - 1;
    this.#states = [states[kept]];
  }

  /** Dies in the middle of the write of this number from now on, counted from zero. */
  crashAtWrite(number: number, onDeath: () => void): void {
    this.#boot?.dieAt(number, onDeath);
  }

  /** Another disk with the same content, synced. */
  copy(): Disk {
    const copy = new Disk();
    copy.#states = [this.#states.at(-1)];
    copy.#last = this.#last;
    return copy;
  }
}

/** One run of a machine, from its start to its death. */
class Boot implements Database {
  readonly #write: (content: Content, sync: boolean) => void;
  #content: Content;
  #isAlive = true;
  #left = Number.POSITIVE_INFINITY;
  #onDeath = () => {};
  /** The write in whose middle it died. */
  pending: { readonly content: Content } | undefined;

  constructor(content: Content, write: (content: Content, sync: boolean) => void) {
    this.#content = content;
    this.#write = write;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  die(): void {
    this.#isAlive = false;
  }

  dieAt(write: number, onDeath: () => void): void {
    this.#left = write;
    this.#onDeath = onDeath;
  }

  async get(key: Uint8Array, at: { readonly snapshot?: Snapshot }) {
    return lookUp(await this.#contentAt(at), textOf(key));
  }

  async getMany(keys: Uint8Array[], at: { readonly snapshot?: Snapshot }) {
    const content = await this.#contentAt(at);
    return keys.map((key) => lookUp(content, textOf(key)));
  }

  async *iterator(asked: Parameters<Database['iterator']>[0]): ReturnType<Database['iterator']> {
    const { gte, lt, reverse, limit = Number.POSITIVE_INFINITY } = asked;
    const span: Span = { gte: gte && textOf(gte), lt: lt && textOf(lt), isReverse: reverse };
    let left = limit;
    for (const [key, value] of walk(await this.#contentAt(asked), span)) {
      if (left-- <= 0) return;
      yield [bytesOf(key), value];
      if (!this.#isAlive) await never();
    }
  }

  async batch(operations: Operation[], { sync }: { readonly sync: boolean }): Promise<void> {
    if (!this.#isAlive) return never();
    const content = operations.reduce(
      (state, each) =>
        each.type === 'put'
          ? withKey(state, textOf(each.key), each.value)
          : withoutKey(state, textOf(each.key)),
      this.#content,
    );
    if (this.#left-- <= 0) {
      this.pending = { content };
      this.#isAlive = false;
      this.#onDeath();
      return never();
    }
    this.#content = content;
    this.#write(content, sync);
  }

  snapshot(): Snapshot {
    return new Still(this.#content);
  }

  #contentAt({ snapshot }: { readonly snapshot?: Snapshot }): Promise<Content> {
    if (!this.#isAlive) return never();
    return Promise.resolve(snapshot instanceof Still ? snapshot.content : this.#content);
  }
}

/** What the dead answer. */
function never(): Promise<never> {
  return new Promise(() => {});
}

/** One character a byte, so that texts sort as the bytes do. Seven times as fast as by a spread. */
function textOf(key: Uint8Array): string {
  return Reflect.apply(String.fromCharCode, undefined, key);
}

function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
