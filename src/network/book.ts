/** The book: peers that were met before, so that a node that starts again finds them. */
import { Table } from '../chain/database.ts';
import type { Guard } from '../chain/guard.ts';
import { Bytes, type Codec, struct, U32 } from '../primitives/codec.ts';
import type { PeerId } from './boundary.ts';
import { maxAddresses, maxRemembered } from './limits.ts';
import { bounded } from './messages.ts';

const Text: Codec<string> = {
  read: (from) => new TextDecoder().decode(Bytes.read(from)),
  write: (text, to) => Bytes.write(new TextEncoder().encode(text), to),
};

const Remembered = struct({
  addresses: bounded(Text, maxAddresses),
  /** When it was last heard of, in seconds since 1970. */
  seen: U32,
});

/** A peer that was met, and where. */
export interface Known {
  readonly addresses: readonly string[];
  readonly seen: number;
}

/** `n` and the peer's name. */
const table = new Table('n', Text, Remembered);

export class Book {
  readonly #guard: Guard;
  readonly #known: Map<PeerId, Known>;

  private constructor(guard: Guard, known: Map<PeerId, Known>) {
    this.#guard = guard;
    this.#known = known;
  }

  static async open(guard: Guard): Promise<Book> {
    const known = new Map<PeerId, Known>();
    for await (const [id, each] of table.scan(guard)) known.set(id, each);
    return new Book(guard, known);
  }

  /** The latest first. */
  all(): readonly (readonly [PeerId, Known])[] {
    return [...this.#known].toSorted(([, one], [, other]) => other.seen - one.seen);
  }

  /** Writes down that a peer was met there; of too many the one that was not seen longest goes. */
  async remember(id: PeerId, addresses: readonly string[], seen: number): Promise<void> {
    const known = { addresses: addresses.slice(0, maxAddresses), seen };
    const before = this.#known.get(id);
    const isSame = before && before.addresses.join() === known.addresses.join();
    // Once in a while will do: this is for the next start.
    if (isSame && seen - before.seen < 600) return;
    this.#known.set(id, known);
    const gone = this.all()
      .slice(maxRemembered)
      .map(([name]) => name);
    for (const name of gone) this.#known.delete(name);
    const operations = [table.put(id, known), ...gone.map((name) => table.del(name))];
    await this.#guard.batch(operations, { sync: false });
  }
}
