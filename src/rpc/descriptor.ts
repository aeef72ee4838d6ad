/** Descriptors: output scripts as programs name them, guarded by a checksum. BIP380. */
import { scriptOf } from '../primitives/address.ts';
import { DecodeError, parseHex } from '../primitives/codec.ts';
import { p2trScript } from '../primitives/script.ts';
import { descriptorChecksum } from './assembly.ts';
import { codes, Failure } from './failure.ts';

/**
 * The script of a descriptor. Of Core's kinds there are those without a key that would have to be
 * derived: an address, a script, and the key of a P2TR output as it stands there.
 */
export function scriptOfDescriptor(descriptor: string, prefix: string): Uint8Array {
  const body = checkedBody(descriptor);
  const [, kind = '', inner = ''] = /^([a-z_]+)\((.*)\)$/.exec(body) ?? [];
  if (kind === 'addr') return tried(() => scriptOf(inner, prefix), 'Address is not valid');
  if (kind === 'raw') return tried(() => parseHex(inner), 'Raw script is not hex');
  if (kind === 'rawtr')
    return tried(() => keyScript(inner), `rawtr(): key '${inner}' is not valid`);
  throw wrong(`'${kind || body}' is not a valid descriptor function: here are addr, raw and rawtr`);
}

/** What stands before the checksum, which may be left out but not be wrong. Core: CheckChecksum. */
function checkedBody(descriptor: string): string {
  const [body = '', given, ...more] = descriptor.split('#');
  if (more.length > 0) throw wrong("Multiple '#' symbols");
  if (given !== undefined && given.length !== 8) {
    throw wrong(`Expected 8 character checksum, not ${given.length} characters`);
  }
  const computed = descriptorChecksum(body);
  if (computed === undefined) throw wrong('Invalid characters in payload');
  if (given === undefined || given === computed) return body;
  throw wrong(`Provided checksum '${given}' does not match computed checksum '${computed}'`);
}

function keyScript(hex: string): Uint8Array {
  const key = parseHex(hex);
  if (key.length !== 32) throw new DecodeError(`a key of ${key.length} bytes`);
  return p2trScript(key);
}

function tried(read: () => Uint8Array, problem: string): Uint8Array {
  try {
    return read();
  } catch (error) {
    if (error instanceof DecodeError) throw wrong(problem);
    throw error;
  }
}

function wrong(problem: string): Failure {
  return new Failure(codes.addressOrKey, problem);
}
