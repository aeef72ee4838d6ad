/**
 * Records of peers, signed as the lab signs: with a secret of the world that no peer ever sees.
 *
 * So a record is whole and of whom it says it is, or it does not open.
 */
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { PeerRecord } from '../network/boundary.ts';
import {
  Bytes,
  type Codec,
  DecodeError,
  decode,
  encode,
  isSameBytes,
  list,
  struct,
} from '../primitives/codec.ts';
import { sha256 } from '../primitives/hash.ts';

const Text: Codec<string> = {
  read: (from) => new TextDecoder().decode(Bytes.read(from)),
  write: (text, to) => Bytes.write(utf8ToBytes(text), to),
};
const Record: Codec<PeerRecord> = struct({ id: Text, addresses: list(Text) });
const Signed = struct({ record: Bytes, signature: Bytes });

export class Notary {
  readonly #secret: Uint8Array;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  sign(record: PeerRecord): Uint8Array {
    const bytes = encode(Record, record);
    return encode(Signed, { record: bytes, signature: this.#signature(bytes) });
  }

  /** Whose record it is; `undefined` for anything else. */
  open(bytes: Uint8Array): PeerRecord | undefined {
    try {
      const { record, signature } = decode(Signed, bytes);
      return isSameBytes(signature, this.#signature(record)) ? decode(Record, record) : undefined;
    } catch (error) {
      if (error instanceof DecodeError) return undefined;
      throw error;
    }
  }

  #signature(bytes: Uint8Array): Uint8Array {
    return sha256(concatBytes(this.#secret, bytes));
  }
}
