/**
 * Who may ask besides the owner of the cookie: a user with a password, of which the node knows only
 * a salted hash. Core: -rpcauth, and share/rpcauth/rpcauth.py, which makes such a line:
 *
 *     <user>:<salt>$<HMAC-SHA256 of the password, keyed by the salt as text, in hex>
 */
import { hmac, isSecret } from './machine.ts';

export interface RpcUser {
  readonly name: string;
  readonly salt: string;
  /** Of the password. */
  readonly hash: string;
}

/** Reads such a line; `undefined` where it is none. */
export function readRpcUser(text: string): RpcUser | undefined {
  const [, name, salt, hash] = /^([^:\s]+):([^:$\s]+)\$([0-9a-f]{64})$/.exec(text) ?? [];
  return name && salt && hash ? { name, salt, hash } : undefined;
}

/** Are these a name and a password, with a colon between, of this user? */
export function isUser(given: string, { name, salt, hash }: RpcUser): boolean {
  const end = given.indexOf(':');
  // Both are looked at, so that the time tells nobody which names there are.
  const isName = isSecret(given.slice(0, Math.max(end, 0)), name);
  const isPassword = isSecret(hmac(salt, given.slice(end + 1)), hash);
  return end >= 0 && isName && isPassword;
}
