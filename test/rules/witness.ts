/** The form of witnesses: how many items, which types, which keys. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { hash160 } from '../../src/primitives/hash.ts';
import { p2wpkhScript } from '../../src/primitives/script.ts';
import { hex, keyOf, outputTo, own, pay, type SpendableKind, turnBit } from '../forge.ts';
import { never, passes, type Row } from './row.ts';
import { hexByte, keyed, name, pair, showing, spending } from './spend.ts';

const allTypes = [0x01, 0x02, 0x03, 0x81, 0x82, 0x83];
const noTypes = [0x00, 0x04, 0x80, 0x84, 0xff];

/** Two inputs and two outputs, so that each input has its own output. */
const typed = (kind: SpendableKind, type: number | undefined) => {
  const outputs = [outputTo(3, 1n), outputTo(4, 2n)];
  const payment = pay(pair(kind), type === undefined ? { outputs } : { outputs, type });
  return spending(pair(kind), payment);
};

const types: readonly Row[] = (['p2wpkh', 'p2tr'] as const).flatMap((kind) => [
  ...allTypes.map((type) =>
    passes('witness-form', `a ${name[kind]} signature of type ${hexByte(type)}`, typed(kind, type)),
  ),
  // Signed for that very type: nothing but the type is wrong.
  ...noTypes.map((type) =>
    never('witness-form', `a ${name[kind]} signature of type ${hexByte(type)}`, typed(kind, type)),
  ),
]);

const wpkh = own(1);
const tr = own(1, { kind: 'p2tr' });

const items: readonly Row[] = [
  passes('witness-form', 'a P2TR signature of 64 bytes', typed('p2tr', undefined)),
  never(
    'witness-form',
    'a P2WPKH witness of no item',
    showing(wpkh, () => []),
  ),
  never(
    'witness-form',
    'a P2WPKH witness without the key',
    showing(wpkh, (sig) => [sig]),
  ),
  never(
    'witness-form',
    'a P2WPKH witness with a third item',
    showing(wpkh, (sig, key) => [sig, key, new Uint8Array(0)]),
  ),
  never(
    'witness-form',
    'a P2WPKH witness with the key first',
    showing(wpkh, (sig, key) => [key, sig]),
  ),
  never(
    'witness-form',
    'a P2TR witness of no item',
    showing(tr, () => []),
  ),
  never(
    'witness-form',
    'a P2TR witness with an annex',
    showing(tr, (sig) => [sig, hex('50')]),
  ),
  never(
    'witness-form',
    'a P2TR witness of a script path',
    showing(tr, (sig) => [sig, hex('51'), concatBytes(hex('c0'), keyOf(1).outputKey)]),
  ),
  never(
    'witness-form',
    'a P2TR signature of 63 bytes',
    showing(tr, (sig) => [sig.slice(0, 63)]),
  ),
  never(
    'witness-form',
    'a P2TR signature of 66 bytes',
    showing(tr, (sig) => [concatBytes(sig, hex('0101'))]),
  ),
  never(
    'witness-form',
    'an empty P2TR signature',
    showing(tr, () => [new Uint8Array(0)]),
  ),
  never(
    'witness-form',
    'a coin whose script is P2PKH',
    showing(own(1, { script: hex(`76a914${'00'.repeat(20)}88ac`) }), (sig) => [sig]),
  ),
  never(
    'witness-form',
    'a coin whose script is a carrier',
    showing(own(1, { script: hex('6a') }), (sig) => [sig]),
  ),
];

const { publicKey, secret } = keyOf(1);
const prefixed = (prefix: number, key = publicKey) => Uint8Array.of(prefix, ...key.slice(1));
const uncompressed = secp256k1.getPublicKey(secret, false);
const nearHash = own(1, { script: p2wpkhScript(turnBit(hash160(publicKey), 0)) });

const keys: readonly Row[] = [
  passes('witness-form', 'a key of 33 bytes with its own hash', keyed(publicKey)),
  never('witness-form', 'a key of 32 bytes with its own hash', keyed(publicKey.slice(1))),
  never('witness-form', 'a key of 34 bytes', keyed(concatBytes(publicKey, hex('00')))),
  never('witness-form', 'an uncompressed key of 65 bytes', keyed(uncompressed)),
  never('witness-form', 'a hybrid key of 65 bytes', keyed(prefixed(6, uncompressed))),
  never('witness-form', 'a key of 33 bytes that begins with 04', keyed(prefixed(4))),
  never('witness-form', 'a key of 33 bytes that begins with 06', keyed(prefixed(6))),
  never('witness-form', 'a key of 33 bytes that begins with 01', keyed(prefixed(1))),
  never('witness-form', 'an empty key', keyed(new Uint8Array(0))),
  never(
    'witness-form',
    'a key whose hash is a bit off',
    showing(nearHash, (...all) => all),
  ),
];

export const witnessRows = [...types, ...items, ...keys];
