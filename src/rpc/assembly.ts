/** Scripts in words, as Core tells of them: their operations, their kind, and their descriptor. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { addressOf } from '../primitives/address.ts';
import { DecodeError, Reader } from '../primitives/codec.ts';
import type { Fields } from './exact.ts';

/** An output script with all that is told of it. Core: ScriptToUniv. */
export function scriptFields(script: Uint8Array, prefix: string): Fields {
  const { hex, ...told } = { hex: bytesToHex(script), ...describeScript(script, prefix) };
  return { asm: told.asm, desc: told.desc, hex, address: told.address, type: told.type };
}

/** The same without its bytes, as `decodescript` has it. */
export function describeScript(script: Uint8Array, prefix: string) {
  const address = addressOf(script, prefix);
  const hex = bytesToHex(script);
  const type = types.find(([, form]) => form.test(hex))?.[0] ?? 'nonstandard';
  const body =
    type === 'witness_v1_taproot'
      ? `rawtr(${hex.slice(4)})`
      : address
        ? `addr(${address})`
        : `raw(${hex})`;
  const desc = `${body}#${descriptorChecksum(body)}`;
  return { asm: assembly(script), desc, address, type };
}

/** Core's names of the kinds, by the hex of such scripts; those that cannot be here too. */
const types: readonly (readonly [string, RegExp])[] = [
  ['witness_v0_keyhash', /^0014.{40}$/],
  ['witness_v0_scripthash', /^0020.{64}$/],
  ['witness_v1_taproot', /^5120.{64}$/],
  ['anchor', /^51024e73$/],
  ['pubkeyhash', /^76a914.{40}88ac$/],
  ['scripthash', /^a914.{40}87$/],
  ['pubkey', /^(21.{66}|41.{130})ac$/],
  ['nulldata', /^6a/],
];

/** Core: ScriptToAsmStr. */
export function assembly(script: Uint8Array): string {
  const from = new Reader(script);
  const words: string[] = [];
  try {
    while (from.remaining > 0) words.push(readWord(from));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    words.push('[error]');
  }
  return words.join(' ');
}

function readWord(from: Reader): string {
  const operation = from.u8();
  if (operation === 0) return '0';
  if (operation < 0x4c) return pushed(from.take(operation));
  if (operation === 0x4c) return pushed(from.take(from.u8()));
  if (operation === 0x4d) return pushed(from.take(from.u16()));
  if (operation === 0x4e) return pushed(from.take(from.u32()));
  if (operation === 0x4f) return '-1';
  if (operation > 0x50 && operation <= 0x60) return String(operation - 0x50);
  const name = operation === 0x50 ? 'RESERVED' : names[operation - 0x61];
  return name ? `OP_${name}` : 'OP_UNKNOWN';
}

/** Up to four bytes are told as the number that they would be to a script. Core: CScriptNum. */
function pushed(bytes: Uint8Array): string {
  if (bytes.length > 4) return bytesToHex(bytes);
  const last = bytes.at(-1) ?? 0;
  const size = bytes.reduceRight((sum, byte, i) => {
    return sum * 256 + (i === bytes.length - 1 ? byte & 0x7f : byte);
  }, 0);
  return String(last & 0x80 && size > 0 ? -size : size);
}

/** The operations from 0x61 on. */
const names = (
  'NOP VER IF NOTIF VERIF VERNOTIF ELSE ENDIF VERIFY RETURN TOALTSTACK FROMALTSTACK 2DROP 2DUP ' +
  '3DUP 2OVER 2ROT 2SWAP IFDUP DEPTH DROP DUP NIP OVER PICK ROLL ROT SWAP TUCK CAT SUBSTR LEFT ' +
  'RIGHT SIZE INVERT AND OR XOR EQUAL EQUALVERIFY RESERVED1 RESERVED2 1ADD 1SUB 2MUL 2DIV NEGATE ' +
  'ABS NOT 0NOTEQUAL ADD SUB MUL DIV MOD LSHIFT RSHIFT BOOLAND BOOLOR NUMEQUAL NUMEQUALVERIFY ' +
  'NUMNOTEQUAL LESSTHAN GREATERTHAN LESSTHANOREQUAL GREATERTHANOREQUAL MIN MAX WITHIN RIPEMD160 ' +
  'SHA1 SHA256 HASH160 HASH256 CODESEPARATOR CHECKSIG CHECKSIGVERIFY CHECKMULTISIG ' +
  'CHECKMULTISIGVERIFY NOP1 CHECKLOCKTIMEVERIFY CHECKSEQUENCEVERIFY NOP4 NOP5 NOP6 NOP7 NOP8 ' +
  'NOP9 NOP10 CHECKSIGADD'
).split(' ');

const bodyLetters =
  '0123456789()[],\'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#"' +
  '\\ ';
const checksumLetters = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const generators = [0xf5dee51989n, 0xa9fdca3312n, 0x1bab10e32dn, 0x3706b1677an, 0x644d626ffdn];

/** Eight letters that catch a slip of the finger; `undefined` where others stand. BIP380. */
export function descriptorChecksum(body: string): string | undefined {
  let sum = 1n;
  let groups: number[] = [];
  const take = (symbol: number) => {
    sum = step(sum, symbol);
  };
  const takeGroups = () => {
    if (groups.length > 0) take(groups.reduce((all, group) => all * 3 + group, 0));
    groups = [];
  };
  for (const letter of body) {
    const position = bodyLetters.indexOf(letter);
    if (position < 0) return undefined;
    take(position & 31);
    groups.push(position >> 5);
    if (groups.length === 3) takeGroups();
  }
  takeGroups();
  for (let i = 0; i < 8; i++) take(0);
  const at = (i: number) => checksumLetters[Number(((sum ^ 1n) >> BigInt(5 * (7 - i))) & 31n)];
  return Array.from({ length: 8 }, (_, i) => at(i)).join('');
}

function step(sum: bigint, symbol: number): bigint {
  const top = sum >> 35n;
  const next = ((sum & 0x7_ffff_ffffn) << 5n) ^ BigInt(symbol);
  return generators.reduce(
    (mixed, each, i) => ((top >> BigInt(i)) & 1n ? mixed ^ each : mixed),
    next,
  );
}
