/**
 * Hashes as people read them: hex, the last byte first. Every coin, block and payment has one, so
 * they are written and read in place, without a copy in between.
 */

const digits = '0123456789abcdef';
/** The code of each digit, and the value of each code. */
const codes = Uint8Array.from(digits, (digit) => digit.charCodeAt(0));
const values = new Uint8Array(128);
for (const [value, code] of codes.entries()) values[code] = value;

const room = new Uint8Array(64);
const text = new TextDecoder('latin1');

/** The 32 bytes from this place on. */
export function readReversedHex(bytes: Uint8Array, at: number): string {
  for (let i = 0; i < 32; i++) {
    const byte = bytes[at + 31 - i] ?? 0;
    room[2 * i] = codes[byte >> 4] ?? 0;
    room[2 * i + 1] = codes[byte & 15] ?? 0;
  }
  return text.decode(room);
}

/** Puts the 32 bytes that these 64 digits mean at this place. */
export function writeReversedHex(hex: string, bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 32; i++) {
    const high = values[hex.charCodeAt(2 * i)] ?? 0;
    const low = values[hex.charCodeAt(2 * i + 1)] ?? 0;
    bytes[at + 31 - i] = (high << 4) | low;
  }
}
