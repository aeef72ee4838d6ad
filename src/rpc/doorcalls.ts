/**
 * The door's wire: what another process of this program asks of a node that runs, in tagged JSON.
 *
 * A request is `{version, call, args}`, the answer `{result}` or `{fault: {code, message}}`. The
 * values are the program's own and change with it: so both must be of one version.
 */
import type { Door } from '../node/door.ts';
import { Block } from '../primitives/block.ts';
import { DecodeError, decode, parseHash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { Transaction } from '../primitives/transaction.ts';
import type { Reply } from './protocol.ts';
import { decodeTagged, encodeTagged, isFields, type Plain } from './tagged.ts';

/** What can be asked; first of all whether the node is there and ours. */
export type CallName = keyof Door | 'greet';

type Call = (door: Door, args: readonly Plain[], signal: AbortSignal) => Promise<unknown>;
/** Makes of a plain value what it must be, or throws a `DecodeError`. */
type Parse<T> = (value: Plain) => T;

/** A call with arguments of these forms. */
function call<A extends readonly unknown[]>(
  parse: { readonly [I in keyof A]: Parse<A[I]> },
  run: (door: Door, args: A, signal: AbortSignal) => Promise<unknown>,
): Call {
  return (door, args, signal) => {
    if (args.length !== parse.length) {
      throw new DecodeError(`it has ${args.length} arguments, not ${parse.length}`);
    }
    return run(door, parse.map((each, i) => each(args[i])) as unknown as A, signal);
  };
}

/** All that is served. */
const calls: Readonly<Record<CallName, Call>> = {
  greet: call([], async () => undefined),
  status: call([], (door) => door.status()),
  engine: call([], (door) => door.engine()),
  block: call([place], (door, [at]) => door.block(at)),
  hashes: call([optional(whole), whole, flag], (door, [from, limit, all]) =>
    door.hashes({ from, limit, all }),
  ),
  blocks: call([listOf(hash)], (door, [hashes]) => door.blocks(hashes)),
  branch: call([hash, whole], (door, [last, from]) => door.branch({ last, from })),
  transaction: call([hash], (door, [id]) => door.transaction(id)),
  coinsOf: call([listOf(bytes)], (door, [scripts]) => door.coinsOf(scripts)),
  historyOf: call([listOf(bytes), whole], (door, [scripts, limit]) =>
    door.historyOf({ scripts, limit }),
  ),
  isUsed: call([bytes], (door, [script]) => door.isUsed(script)),
  mempool: call([], (door) => door.mempool()),
  payment: call([hash], (door, [id]) => door.payment(id)),
  submitPayment: call([bytes], (door, [raw]) => door.submitPayment(decode(Transaction, raw))),
  submitBlock: call([bytes], (door, [raw]) => door.submitBlock(decode(Block, raw))),
  mine: call([bytes], (door, [script], signal) => door.mine(script, signal)),
  verify: call([], (door, _args, signal) => door.verify({ signal })),
};

/**
 * Answers a request.
 *
 * @param signal Aborted when whoever asked is gone.
 */
export async function answerCall(
  body: string,
  { door, version }: { readonly door: Door; readonly version: string },
  signal: AbortSignal,
): Promise<Reply> {
  try {
    const request = decodeTagged(body);
    if (!isFields(request)) throw new DecodeError('a request is a record');
    const { version: theirs, call: name, args } = request;
    if (theirs !== version) return failed(otherVersion(version, theirs));
    if (!isCall(name)) throw new DecodeError(`there is no call ${String(name)}`);
    if (!Array.isArray(args)) throw new DecodeError('the arguments are no list');
    const result = await calls[name](door, args, signal);
    return { status: 200, body: encodeTagged({ result }) };
  } catch (error) {
    return failed(error);
  }
}

function isCall(name: Plain): name is CallName {
  return typeof name === 'string' && Object.hasOwn(calls, name);
}

function failed(error: unknown): Reply {
  if (error instanceof DecodeError) {
    return faulty(400, 'bad-call', error.message);
  }
  if (error instanceof Fault) return faulty(200, error.code, error.message);
  return faulty(200, 'internal', `${String(error)}; please report this`);
}

function faulty(status: number, code: string, message: string): Reply {
  return { status, body: encodeTagged({ fault: { code, message } }) };
}

function otherVersion(ours: string, theirs: Plain): Fault {
  const problem = `the node that runs here is version ${ours}, and this program ${String(theirs)}`;
  return new Fault('other-version', `${problem}: run chain stop, then chain startnode anew`);
}

function text(value: Plain): string {
  if (typeof value === 'string') return value;
  throw new DecodeError('an argument is no text');
}

function hash(value: Plain) {
  return parseHash(text(value));
}

function whole(value: Plain): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new DecodeError('an argument is no whole number');
}

function flag(value: Plain): boolean {
  if (typeof value === 'boolean') return value;
  throw new DecodeError('an argument is neither true nor false');
}

function bytes(value: Plain): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new DecodeError('an argument is no bytes');
}

/** A block by its hash or its height. */
function place(value: Plain) {
  return typeof value === 'string' ? hash(value) : whole(value);
}

function listOf<T>(parse: Parse<T>): Parse<readonly T[]> {
  return (value) => {
    if (Array.isArray(value)) return value.map((each) => parse(each));
    throw new DecodeError('an argument is no list');
  };
}

function optional<T>(parse: Parse<T>): Parse<T | undefined> {
  return (value) => (value === undefined ? undefined : parse(value));
}
