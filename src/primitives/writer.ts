/** Bytes gathered one after another, as a codec writes them. */
import { writeReversedHex } from './hex.ts';

/** Gathers bytes; its room doubles when it runs out. */
export class Writer {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(room = 256) {
    this.#bytes = new Uint8Array(room);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** A copy of all that was written; what is written next is another value's. */
  finish(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return bytes;
  }

  put(bytes: Uint8Array): void {
    // First, for growing changes which bytes are meant.
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** The 32 bytes that these 64 digits mean, the last of them first. */
  reversedHex(hex: string): void {
    const at = this.#grow(32);
    writeReversedHex(hex, this.#bytes, at);
  }

  u8(value: number): void {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, true);
  }

  u32(value: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
  }

  u64(value: bigint): void {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value, true);
  }

  #grow(length: number): number {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      wider.set(this.#bytes);
      this.#bytes = wider;
      this.#view = new DataView(wider.buffer);
    }
    return start;
  }
}

/** To make a writer takes longer than most writing does, so one is kept. */
let spare: Writer | undefined;

/** The bytes that this writes. */
export function written(write: (to: Writer) => void): Uint8Array {
  const to = spare ?? new Writer();
  // Whoever writes something else meanwhile has one of his own.
  spare = undefined;
  write(to);
  spare = to;
  return to.finish();
}
