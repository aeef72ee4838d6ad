/**
 * How words are held while machine code works on them: one alone, or four side by side, each of
 * another hash, on which one instruction does the same.
 */
import { type Code, signed, unsigned, type ValueType, valueTypes } from './wasm.ts';

/** An instruction takes its operands from the stack, where the code before it has left them. */
export const op = {
  loop: [0x03, 0x40],
  end: [0x0b],
  branchIf: (depth: number): Code => [0x0d, depth],
  if: [0x04, 0x40],
  return: [0x0f],
  call: (index: number): Code => [0x10, ...unsigned(index)],
  get: (local: number): Code => [0x20, ...unsigned(local)],
  set: (local: number): Code => [0x21, ...unsigned(local)],
  load: (address: number): Code => [0x28, 2, ...unsigned(address)],
  store: (address: number): Code => [0x36, 2, ...unsigned(address)],
  constant: (value: number): Code => [0x41, ...signed(value)],
  isOther: [0x47],
  isBelow: [0x49],
  isNotAbove: [0x4d],
  countTrailingZeros: [0x68],
  add: [0x6a],
  multiply: [0x6c],
  and: [0x71],
  or: [0x72],
  xor: [0x73],
  shiftLeft: [0x74],
  shift: [0x76],
  rotate: [0x78],
} as const;

/** The instructions on four words at once. */
export const op4 = {
  load: (address: number): Code => [0xfd, 0x00, 4, ...unsigned(address)],
  store: (address: number): Code => [0xfd, 0x0b, 4, ...unsigned(address)],
  constant: (words: readonly number[]): Code => [
    ...[0xfd, 0x0c],
    ...words.flatMap((word) =>
      [word, word >> 8, word >> 16, word >> 24].map((each) => each & 0xff),
    ),
  ],
  /** One word in all four places. */
  splat: [0xfd, 0x11],
  /** A word from memory into this place, and back. */
  loadLane: (place: number, address: number): Code => [0xfd, 0x56, 2, ...unsigned(address), place],
  storeLane: (place: number, address: number): Code => [0xfd, 0x5a, 2, ...unsigned(address), place],
  /** The bytes of two operands, picked by number: the first operand's are 0 to 15. */
  shuffle: (...bytes: readonly number[]): Code => [0xfd, 0x0d, ...bytes],
  isNotAbove: [0xfd, 0x3e],
  and: [0xfd, 0x4e],
  or: [0xfd, 0x50],
  xor: [0xfd, 0x51],
  /** A bit for each of the four. */
  bitmask: [0xfd, 0xa4, 0x01],
  shiftLeft: [0xfd, 0xab, 0x01],
  shift: [0xfd, 0xad, 0x01],
  add: [0xfd, 0xae, 0x01],
} as const;

export interface Lanes {
  readonly count: number;
  readonly type: ValueType;
  readonly fixed: (value: number) => Code;
  /** So many bytes behind the address that the code gets. */
  readonly load: (address: Code, bytes: number) => Code;
  readonly store: (address: Code, bytes: number, word: Code) => Code;
  readonly add: Code;
  readonly xor: Code;
  readonly and: Code;
  /** This number and those that follow it, one a lane. */
  readonly following: (number: Code) => Code;
  /** A bit for each lane whose word is not above the limit; the code of both is taken. */
  readonly notAbove: (word: Code, limit: Code) => Code;
  /** Takes the code that gets the word. */
  readonly turn: (word: Code, bits: readonly number[]) => Code;
  readonly shift: (word: Code, bits: readonly number[]) => Code;
}

export const oneLane: Lanes = {
  count: 1,
  type: valueTypes.i32,
  fixed: op.constant,
  load: (address, bytes) => [...address, ...op.load(bytes)],
  store: (address, bytes, word) => [...address, ...word, ...op.store(bytes)],
  add: op.add,
  xor: op.xor,
  and: op.and,
  following: (number) => number,
  notAbove: (word, limit) => [...word, ...limit, ...op.isNotAbove],
  turn: turnOne,
  shift: (word, [bits = 0]) => [...word, ...op.constant(bits), ...op.shift],
};

export const fourLanes: Lanes = {
  count: 4,
  type: valueTypes.v128,
  fixed: (value) => op4.constant([value, value, value, value]),
  load: (address, bytes) => [...address, ...op4.load(bytes)],
  store: (address, bytes, word) => [...address, ...word, ...op4.store(bytes)],
  add: op4.add,
  xor: op4.xor,
  and: op4.and,
  following: (number) => [...number, ...op4.splat, ...op4.constant([0, 1, 2, 3]), ...op4.add],
  notAbove: (word, limit) => [...word, ...limit, ...op4.splat, ...op4.isNotAbove, ...op4.bitmask],
  // One after the other would take as many instructions, each of which waits for the one before.
  turn: (word, bits) =>
    bits.flatMap((each, i) => [...turnFour(word, each), ...(i > 0 ? op4.xor : [])]),
  shift: (word, [bits = 0]) => [...word, ...op.constant(bits), ...op4.shift],
};

/**
 * By 6, 11 and 25 is by 14, joined, by 5 more, joined, and by 6 more. That is as many instructions,
 * but each may overwrite what it takes, as a processor's do, which saves two copies.
 */
function turnOne(word: Code, bits: readonly number[]): Code {
  return bits
    .toReversed()
    .flatMap((each, i, all) => [
      ...word,
      ...(i > 0 ? op.xor : []),
      ...op.constant(each - (all[i + 1] ?? 0)),
      ...op.rotate,
    ]);
}

/** There is no instruction that turns four words: two parts are shifted apart and joined. */
function turnFour(word: Code, bits: number): Code {
  return [
    ...[...word, ...op.constant(bits), ...op4.shift],
    ...[...word, ...op.constant(32 - bits), ...op4.shiftLeft],
    ...op4.or,
  ];
}
