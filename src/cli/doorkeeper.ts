/**
 * The doorkeeper: who is let in.
 *
 * Web pages can make a browser on this machine ask anything, but they cannot choose the names that
 * it sends: `Host` is whom the page believes to speak with, `Origin` who it is itself. So a name
 * that is not ours ends every request, and a page that is not ours gets nothing but our health.
 * What is for the owner alone asks for the cookie, or for the password of a user.
 */
import type { IncomingMessage } from 'node:http';
import { isSecret } from './machine.ts';
import { Refusal } from './refusal.ts';
import { isUser, type RpcUser } from './rpcauth.ts';

export interface Keys {
  /** The user and the password of the cookie, with a colon between; they open from here alone. */
  readonly cookie: string;
  /** Whose passwords open from anywhere. */
  readonly users?: readonly RpcUser[];
  /** Further names that this machine goes by, as a `Host` has them, with a port or without. */
  readonly names?: readonly string[];
}

/** Whoever asks for what is the owner's, and does not show that he is. */
export class Unknown extends Refusal {
  /** Was anything shown? Then it may have been a guess. */
  readonly isGuess: boolean;

  constructor(isGuess: boolean) {
    super(401, '', { 'WWW-Authenticate': 'Basic realm="jsonrpc"' });
    this.isGuess = isGuess;
  }
}

const ownNames = ['127.0.0.1', 'localhost', '[::1]'];

export class Doorkeeper {
  readonly #keys: Keys;
  /** What a `Host` may say. */
  #names: readonly string[] = [];
  #guests: readonly string[] = [];

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  /** Tells where we listen, which is known before anybody asks. */
  listensOn(port: number): void {
    const guests = (this.#keys.names ?? []).map((name) => name.toLowerCase());
    this.#guests = guests.flatMap((name) => [name, `${name}:${port}`]);
    this.#names = [...ownNames.map((name) => `${name}:${port}`), ...this.#guests];
  }

  /** A page whose name leads to this machine sends its own name: DNS rebinding ends here. */
  demandOwnHost({ headers: { host = '' } }: IncomingMessage): void {
    if (this.#names.includes(host.toLowerCase())) return;
    throw new Refusal(403, `The Host must be one of ${this.#names.join(', ')}`);
  }

  demandNoForeignPage({ headers }: IncomingMessage): void {
    const { host = '', origin, 'sec-fetch-site': site = 'none' } = headers;
    const isForeign = origin !== undefined && !this.#originsOf(host).includes(origin);
    // A browser calls pages of other ports of this machine `same-site`.
    if (isForeign || (site !== 'same-origin' && site !== 'none')) {
      throw new Refusal(403, 'A page of another origin may not ask');
    }
  }

  /** A name that is not our own may be that of a proxy, which speaks HTTPS in front of us. */
  #originsOf(host: string): readonly string[] {
    const isGuest = this.#guests.includes(host.toLowerCase());
    return isGuest ? [`http://${host}`, `https://${host}`] : [`http://${host}`];
  }

  demandOwner({ headers: { authorization = '' }, socket }: IncomingMessage): void {
    const [, encoded = ''] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization) ?? [];
    const given = Buffer.from(encoded, 'base64').toString();
    const { cookie, users = [] } = this.#keys;
    const isOwner = isSecret(given, cookie) && isHere(socket.remoteAddress);
    const isKnown = users.map((user) => isUser(given, user)).includes(true);
    if (!isOwner && !isKnown) throw new Unknown(authorization !== '');
  }
}

/** Is this an address of this machine alone? */
export function isHere(address = ''): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
