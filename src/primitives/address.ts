/** Addresses: an output script as people write it, guarded by a checksum. BIP173 and BIP350. */
import { bech32, bech32m } from '@scure/base';
import { DecodeError } from './codec.ts';
import { outputKind, p2trScript, p2wpkhScript } from './script.ts';

/** The address of this script on the network with this prefix; `undefined` for a carrier. */
export function addressOf(script: Uint8Array, prefix: string): string | undefined {
  const output = outputKind(script);
  if (output?.kind === 'p2wpkh') return bech32.encode(prefix, words(0, output.program));
  if (output?.kind === 'p2tr') return bech32m.encode(prefix, words(1, output.program));
  return undefined;
}

function words(version: number, program: Uint8Array): number[] {
  return [version, ...bech32.toWords(program)];
}

/** The script that this address stands for. Throws a `DecodeError` that says what is wrong. */
export function scriptOf(address: string, prefix: string): Uint8Array {
  const { version, program } = decodeAddress(address, prefix);
  if (version === 0 && program.length === 20) return p2wpkhScript(program);
  if (version === 1 && program.length === 32) return p2trScript(program);
  throw new DecodeError(
    `'${address}' pays a kind of output that does not exist here: witness version ${version}, ` +
      `${program.length} bytes`,
  );
}

function decodeAddress(address: string, prefix: string) {
  const plain = bech32.decodeUnsafe(address);
  const modified = bech32m.decodeUnsafe(address);
  const decoded = plain ?? modified;
  if (!decoded) throw new DecodeError(`'${address}' is not an address: its checksum is wrong`);
  if (decoded.prefix !== prefix) {
    throw new DecodeError(
      `'${address}' is an address of another network: it begins with '${decoded.prefix}1', ` +
        `here they begin with '${prefix}1'`,
    );
  }
  const [version, ...rest] = decoded.words;
  const program = bech32.fromWordsUnsafe(rest);
  if (version === undefined || version > 16 || !program) {
    throw new DecodeError(`'${address}' is not an address: its program is malformed`);
  }
  // Version 0 has the first checksum, all later ones the second, which catches inserted letters.
  if ((version === 0) !== (plain !== undefined)) {
    throw new DecodeError(`'${address}' is not an address: its checksum is of the wrong kind`);
  }
  return { version, program };
}
