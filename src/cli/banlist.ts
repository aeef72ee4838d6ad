/**
 * The bans of a node, kept in a file in the form of Core's `banlist.json`: who, since when, until
 * when. The file is replaced as a whole, so that a crash leaves the old one or the new one.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { maxBans } from '../network/limits.ts';
import { Fault } from '../primitives/fault.ts';
import { isMeant, parseSubject } from '../primitives/subnet.ts';
import type { Ban, Bans } from '../rpc/peering.ts';

export class BanList implements Bans {
  readonly #path: string;
  readonly #now: () => number;
  #bans: ReadonlyMap<string, Ban>;

  /** Reads the file, where there is one. */
  constructor(path: string, now: () => number) {
    this.#path = path;
    this.#now = now;
    const read = existsSync(path) ? readBans(path, readFileSync(path, 'utf8')) : [];
    this.#bans = new Map(read.map((ban) => [ban.subject, ban]));
  }

  list(): readonly Ban[] {
    const inForce = [...this.#bans.values()].filter(({ until }) => until > this.#now());
    return inForce.toSorted((one, other) => (one.subject < other.subject ? -1 : 1));
  }

  isBanned(who: string): boolean {
    return this.list().some(({ subject }) => isMeant(who, subject));
  }

  add(subject: string, until: number): void {
    const old = this.list().find((ban) => ban.subject === subject);
    if (old && old.until >= until) return;
    const others = this.#others(subject).toSorted((one, other) => one.since - other.since);
    // Of names, and of addresses of the newer kind, a stranger has as many as he likes.
    const single = others.filter((ban) => /^[^/]+(\/32|\/128)?$/.test(ban.subject));
    const gone = new Set(single.slice(0, -(maxBans - 1)));
    const kept = others.filter((ban) => !gone.has(ban));
    this.#keep([...kept, { subject, since: this.#now(), until }]);
  }

  remove(subject: string): boolean {
    const others = this.#others(subject);
    const isThere = others.length < this.list().length;
    if (isThere) this.#keep(others);
    return isThere;
  }

  clear(): void {
    this.#keep([]);
  }

  #others(subject: string): readonly Ban[] {
    return this.list().filter((ban) => ban.subject !== subject);
  }

  /** First in the file: a ban that cannot be kept is not there for now only. */
  #keep(bans: readonly Ban[]): void {
    writeBans(this.#path, bans);
    this.#bans = new Map(bans.map((ban) => [ban.subject, ban]));
  }
}

function readBans(path: string, text: string): readonly Ban[] {
  try {
    return JSON.parse(text).banned_nets.map(readBan);
  } catch (error) {
    const remedy = 'mend it, or remove it to ban nobody';
    throw new Fault('bad-banlist', `cannot read ${path}: ${String(error)}; ${remedy}`, error);
  }
}

/** One of the file, which anybody may have written. */
function readBan(told: Readonly<Record<string, unknown>>): Ban {
  const { address, ban_created: since, banned_until: until } = told;
  const subject = typeof address === 'string' ? parseSubject(address) : undefined;
  if (subject === undefined || typeof since !== 'number' || typeof until !== 'number') {
    throw new TypeError(`this is no ban: ${JSON.stringify(told)}`);
  }
  return { subject, since, until };
}

function writeBans(path: string, bans: readonly Ban[]): void {
  const banned_nets = bans.map(({ subject, since, until }) => ({
    version: 1,
    ban_created: since,
    banned_until: until,
    address: subject,
  }));
  const fresh = `${path}.new`;
  try {
    writeFileSync(fresh, `${JSON.stringify({ banned_nets }, null, 2)}\n`, {
      mode: 0o600,
      flush: true,
    });
    renameSync(fresh, path);
  } catch (error) {
    throw new Fault('banlist', `cannot write ${path}: ${String(error)}`, error);
  }
}
