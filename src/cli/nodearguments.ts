/** Words that only `chain startnode` is given, made into values. */
import { isIP } from 'node:net';
import { CommanderError, InvalidArgumentError } from 'commander';
import { parsePeer } from './peeraddress.ts';
import { type RpcUser, readRpcUser } from './rpcauth.ts';

/** Users, one more with each time that the option is given; in a variable, with spaces between. */
export function rpcUsers(text: string, before: readonly RpcUser[] = []): readonly RpcUser[] {
  const users = text
    .trim()
    .split(/\s+/)
    .map((line) => readRpcUser(line));
  const known = users.filter((user) => user !== undefined);
  if (known.length === users.length) return [...before, ...known];
  // Commander would repeat what was given, and that may be a password.
  const form = "a user, a colon, a salt, a '$' and 64 hex digits: the HMAC-SHA256 of the password";
  throw new CommanderError(2, 'chain.rpcAuth', `option '--rpc-auth' takes ${form}`);
}

/** Peers, one more with each time that the option is given; in a variable, with spaces between. */
export function peerAddresses(text: string, before: readonly string[] = []): readonly string[] {
  try {
    return [...before, ...text.trim().split(/\s+/).map(parsePeer)];
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

/** An address of this machine. */
export function ipAddress(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new InvalidArgumentError(`'${text}' is no IP address like 192.168.1.5 or 0.0.0.0`);
}

/** Names, one more with each time that the option is given. */
export function hostNames(text: string, before: readonly string[] = []): readonly string[] {
  const isName = /^(\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?$/i.test(text);
  if (isName && text.length <= 255) return [...before, text];
  throw new InvalidArgumentError(`'${text}' is no name like node.example or node.example:8080`);
}

/** Millions of bytes, as bytes; Core: -maxmempool, whose least this is too. */
export function mempoolBytes(text: string): number {
  const megabytes = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (megabytes >= leastMegabytes) return megabytes * 1_000_000;
  throw new InvalidArgumentError(`'${text}' is no whole number from ${leastMegabytes} on`);
}

/** Some rows of payments as long as they may be. */
const leastMegabytes = 5;
