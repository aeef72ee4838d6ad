/** What the tests of the guard share: a guarded database in memory, and its number outside. */
import type { Database, Operation } from '../src/chain/database.ts';
import { Guard, type LastBatch } from '../src/chain/guard.ts';
import { machine, memory } from './grove.ts';

export const bytes = (text: string) => new TextEncoder().encode(text);
export const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);

export const put = (key: string, value: string): Operation => {
  return { type: 'put', key: bytes(key), value: bytes(value) };
};

export const sync = { sync: true };
export const isDamaged = { code: 'damaged' };

/** A file `last` in memory. */
export function lastIn(known?: number): LastBatch & { number: number | undefined } {
  return {
    number: known,
    read() {
      return this.number;
    },
    write(number) {
      this.number = number;
    },
  };
}

export function open(database: Database, last: LastBatch = lastIn()): Promise<Guard> {
  return Guard.open({ database, last, ...machine });
}

/** x, y and z under ka, kb and kc, in three batches after the one that founds the database. */
export async function filled() {
  const database = memory();
  const last = lastIn();
  const guard = await open(database, last);
  for (const [key, value] of Object.entries({ ka: 'x', kb: 'y', kc: 'z' })) {
    await guard.batch([put(key, value)], sync);
  }
  return { database, last, guard };
}

/** The keys of these records, as a scan finds them. */
export async function keysOf(guard: Pick<Guard, 'iterator'>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const [key] of guard.iterator({ gte: bytes('k'), lt: bytes('l') })) {
    found.push(text(key) ?? '');
  }
  return found;
}
