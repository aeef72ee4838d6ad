/** The door to a node that runs in another process, through its HTTP server. */
import type { BranchPart, Door, HistoryPart, Wanted, Watch } from '../node/door.ts';
import { Block } from '../primitives/block.ts';
import { DecodeError, encode, type Hash } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { Transaction } from '../primitives/transaction.ts';
import type { CallName } from '../rpc/doorcalls.ts';
import { decodeTagged, encodeTagged, isFields, type Plain } from '../rpc/tagged.ts';
import type { RunningNode } from './nodefile.ts';
import { nodeRefused, post } from './post.ts';
import { readVersion } from './version.ts';

/** How long a node may take to say that it is there. */
const patienceMs = 10_000;

/** What a door answers by this name. */
type Answered<Name extends keyof Door> = Awaited<ReturnType<Door[Name]>>;

export class HttpDoor implements Door {
  readonly #folder: string;
  readonly #node: RunningNode;
  readonly #version = readVersion();

  constructor(folder: string, node: RunningNode) {
    this.#folder = folder;
    this.#node = node;
  }

  /** Throws a `Fault` unless this is a node of this folder and this version, and answers. */
  async greet(): Promise<void> {
    const patience = AbortSignal.timeout(patienceMs);
    try {
      await this.#ask('greet', [], patience);
    } catch (error) {
      if (!patience.aborted) throw error;
      const problem = `the node at ${this.#node.http} has not answered for ${patienceMs / 1000} s`;
      throw new Fault('node-silent', `${problem}: look at process ${this.#node.pid}`, error);
    }
  }

  status = () => this.#call('status');
  engine = () => this.#call('engine');
  block = (at: Hash | number) => this.#call('block', [at]);
  hashes = ({ from, limit, all }: Wanted) => this.#call('hashes', [from, limit, all]);
  blocks = (hashes: readonly Hash[]) => this.#call('blocks', [hashes]);
  branch = ({ last, from }: BranchPart) => this.#call('branch', [last, from]);
  transaction = (id: Hash) => this.#call('transaction', [id]);
  coinsOf = (scripts: readonly Uint8Array[]) => this.#call('coinsOf', [scripts]);
  historyOf = ({ scripts, limit }: HistoryPart) => this.#call('historyOf', [scripts, limit]);
  isUsed = (script: Uint8Array) => this.#call('isUsed', [script]);
  mempool = () => this.#call('mempool');
  payment = (id: Hash) => this.#call('payment', [id]);
  submitPayment = (payment: Transaction) =>
    this.#call('submitPayment', [encode(Transaction, payment)]);
  submitBlock = (block: Block) => this.#call('submitBlock', [encode(Block, block)]);
  mine = (script: Uint8Array, signal?: AbortSignal) => this.#call('mine', [script], signal);
  verify = ({ signal }: Watch = {}) => this.#call('verify', [], signal);

  async #call<Name extends keyof Door>(
    name: Name,
    args: readonly unknown[] = [],
    signal?: AbortSignal,
  ): Promise<Answered<Name>> {
    // A node of our own version answers what its door does.
    return (await this.#ask(name, args, signal)) as Answered<Name>;
  }

  async #ask(call: CallName, args: readonly unknown[], signal?: AbortSignal): Promise<Plain> {
    const body = encodeTagged({ version: this.#version, call, args });
    const answer = await post(this.#folder, this.#node, { path: '/door', body, signal });
    const told = answer.status === 200 ? read(answer.text) : undefined;
    if (!isFields(told)) throw nodeRefused(this.#node, answer);
    const { fault, result } = told;
    if (isFields(fault)) throw new Fault(String(fault['code']), String(fault['message']));
    return result;
  }
}

/** What the node said; `undefined` where it is not our node's language. */
function read(text: string): Plain {
  try {
    return decodeTagged(text);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
