/** ChaCha20: a key stretched to as many bytes as are wanted, which nobody can tell from chance. */

/** RFC 8439 with a nonce of zeros, its blocks counted from 0. The key has 32 bytes. */
export function chacha20(key: Uint8Array, length: number): Uint8Array {
  const words = new Uint32Array(16);
  // "expand 32-byte k"
  words.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  for (let i = 0; i < 8; i++) words[4 + i] = view.getUint32(4 * i, true);
  const stream = new Uint8Array(Math.ceil(length / 64) * 64);
  const out = new DataView(stream.buffer);
  for (let at = 0; at < stream.length; at += 64) {
    words[12] = at / 64;
    const mixed = Uint32Array.from(words);
    for (let i = 0; i < 10; i++) doubleRound(mixed);
    for (const [i, word] of mixed.entries()) {
      out.setUint32(at + 4 * i, (word + (words[i] ?? 0)) >>> 0, true);
    }
  }
  return stream.subarray(0, length);
}

/** The columns of the four by four words, then their diagonals. */
function doubleRound(words: Uint32Array): void {
  for (let i = 0; i < 4; i++) quarterRound(words, [i, 4 + i, 8 + i, 12 + i]);
  for (let i = 0; i < 4; i++) {
    quarterRound(words, [i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4)]);
  }
}

function quarterRound(
  words: Uint32Array,
  [a, b, c, d]: readonly [number, number, number, number],
): void {
  mix(words, [a, b, d], 16);
  mix(words, [c, d, b], 12);
  mix(words, [a, b, d], 8);
  mix(words, [c, d, b], 7);
}

/** The first takes the second; the third takes the first, and turns by so many bits. */
function mix(
  words: Uint32Array,
  [one, two, three]: readonly [number, number, number],
  bits: number,
): void {
  const sum = ((words[one] ?? 0) + (words[two] ?? 0)) >>> 0;
  const turned = (words[three] ?? 0) ^ sum;
  words[one] = sum;
  words[three] = (turned << bits) | (turned >>> (32 - bits));
}
