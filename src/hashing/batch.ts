/** Hashes many messages at a time: lays them into memory as `batchmachine.ts` takes them. */
import {
  blockBytes,
  endOf,
  hashBytes,
  hashesBegin,
  headerBytes,
  lanes,
  type Machine,
  messagesBegin,
  messagesBytes,
  newMachine,
  pairBytes,
  recordsAtOnce,
  stateWords,
  wordBytes,
} from './batchmachine.ts';

/** The longest message of which memory holds four, each with its padding. */
export const longestMessage = Math.floor(messagesBytes / lanes / blockBytes) * blockBytes - 9;

export interface Batch {
  /** The hashes of messages that are no longer than the longest, 32 bytes each, in their order. */
  readonly hashAll: (messages: readonly Uint8Array[]) => Uint8Array;
  /** The hash of every 64 bytes: two neighbours in a merkle tree. */
  readonly hashPairs: (bytes: Uint8Array) => Uint8Array;
  /** The hash of every 80 bytes: a header. */
  readonly hashHeaders: (bytes: Uint8Array) => Uint8Array;
}

/** Throws where the machine has no four lanes. */
export function newBatch(): Batch {
  const machine = newMachine();
  return {
    hashAll: (messages) => hashAll(machine, messages),
    hashPairs: (bytes) => hashEvery(machine, bytes, pairBytes),
    hashHeaders: (bytes) => hashEvery(machine, bytes, headerBytes),
  };
}

const nothing = new Uint8Array(0);

/** Messages of as many blocks go side by side, whatever their lengths. */
function hashAll(machine: Machine, messages: readonly Uint8Array[]): Uint8Array {
  const hashes = new Uint32Array(messages.length * stateWords);
  for (const [blocks, alike] of Map.groupBy(messages.keys(), (i) => blocksOf(messages[i]))) {
    const fitting = Math.floor(messagesBytes / (blocks * blockBytes * lanes));
    if (fitting === 0) throw new RangeError(`a message of ${blocks} blocks is too long`);
    const atOnce = Math.min(recordsAtOnce, fitting) * lanes;
    for (let i = 0; i < alike.length; i += atOnce) {
      const some = alike.slice(i, i + atOnce);
      let at = messagesBegin;
      for (const each of some) at = layDown(machine.memory, messages[each], at, blocks);
      hashLaid(machine, some.length, blocks);
      pickUp(machine.words, some, hashes);
    }
  }
  return new Uint8Array(hashes.buffer);
}

/** Word by word: a view of 32 bytes takes longer to make than to fill. */
function pickUp(words: Uint32Array, places: readonly number[], hashes: Uint32Array): void {
  let from = hashesBegin / wordBytes;
  for (const place of places) {
    const to = place * stateWords;
    for (let i = 0; i < stateWords; i++) hashes[to + i] = words[from++] ?? 0;
  }
}

/** How many blocks a message fills with its padding: a one, zeros, and eight bytes of length. */
function blocksOf(message: Uint8Array = nothing): number {
  return Math.ceil((message.length + 9) / blockBytes);
}

/** Lays a message down with its padding, and answers where it ends. */
function layDown(
  memory: Uint8Array,
  message: Uint8Array = nothing,
  at: number,
  blocks: number,
): number {
  const [end, next] = [at + message.length, at + blocks * blockBytes];
  memory.set(message, at);
  memory[end] = 0x80;
  memory.fill(0, end + 1, next);
  const bits = message.length * 8;
  for (let i = 1; i <= wordBytes; i++) memory[next - i] = bits >>> (8 * (i - 1));
  return next;
}

/** Hashes so many messages of so many blocks, of which one lies behind the other. */
function hashLaid(machine: Machine, count: number, blocks: number): void {
  const end = endOf(count);
  machine.begin(end);
  for (let i = 0; i < blocks; i++) {
    machine.gather(end, messagesBegin + i * blockBytes, blocks * blockBytes);
    machine.compress(end);
  }
  machine.finish(end);
  machine.drain(end, hashesBegin);
}

/** The hash of so many bytes each; where all have one length, so is their padding the same. */
function hashEvery(machine: Machine, bytes: Uint8Array, size: number): Uint8Array {
  const count = Math.floor(bytes.length / size);
  const hashes = new Uint8Array(count * hashBytes);
  for (let i = 0; i < count; i += recordsAtOnce * lanes) {
    const some = Math.min(count - i, recordsAtOnce * lanes);
    const end = endOf(some);
    machine.memory.set(bytes.subarray(i * size, (i + some) * size), messagesBegin);
    machine.begin(end);
    machine.gather(end, messagesBegin, size);
    machine.compress(end);
    // Of a pair nothing is left: what is fetched here for it is all replaced.
    machine.gather(end, messagesBegin + blockBytes, size);
    if (size === pairBytes) machine.padPair(end);
    else machine.padHeader(end);
    machine.compress(end);
    machine.finish(end);
    machine.drain(end, hashesBegin);
    const made = machine.memory.subarray(hashesBegin, hashesBegin + some * hashBytes);
    hashes.set(made, i * hashBytes);
  }
  return hashes;
}
