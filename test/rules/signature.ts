/** Signatures: the one encoding of each, and whether it holds. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { integer, sequence, writeDer } from '../der.ts';
import {
  hex,
  keyOf,
  type Owned,
  outputTo,
  own,
  pay,
  type SpendableKind,
  sign,
  turnBit,
  witnessIn,
} from '../forge.ts';
import { never, passes, type Row } from './row.ts';
import { hexByte, keyed, name, offCurve, pair, showing, spending } from './spend.ts';

const wpkh = own(1);
const tr = own(1, { kind: 'p2tr' });

/** The two numbers of a DER signature, as it holds them. */
const readDer = (der: Uint8Array) => {
  const sizeOfR = der[3] ?? 0;
  return { r: der.slice(4, 4 + sizeOfR), s: der.slice(6 + sizeOfR) };
};
const padded = (bytes: Uint8Array) => concatBytes(hex('00'), bytes);

/** The s that holds as well in the old rules, and is above half the order. */
function highS(s: Uint8Array): Uint8Array {
  const high = secp256k1.Point.Fn.ORDER - BigInt(`0x${bytesToHex(s)}`);
  return hex(high.toString(16).padStart(64, '0'));
}

/** A coin whose signature has an r of this many bytes, which depends on the luck of the amount. */
function coinWithR(sizeBytes: number): Owned {
  for (let amount = 1000n; ; amount++) {
    const coin = own(1, { amount });
    const [signature] = witnessIn(pay([coin]));
    if (signature?.[3] === sizeBytes) return coin;
  }
}
const plainR = coinWithR(32);
const paddedR = coinWithR(33);

/** A payment of this coin whose DER signature is rewritten, with its type left behind it. */
const rewritten = (
  coin: Owned,
  rewrite: (r: Uint8Array, s: Uint8Array, der: Uint8Array) => Uint8Array,
) =>
  showing(coin, (sig, key) => {
    const der = sig.slice(0, -1);
    const { r, s } = readDer(der);
    return [concatBytes(rewrite(r, s, der), hex('01')), key];
  });

const adding = (index: number, more: number) => (_r: Uint8Array, _s: Uint8Array, der: Uint8Array) =>
  der.map((byte, i) => (i === index ? byte + more : byte));

const derForms: readonly Row[] = [
  passes('witness-form', 'a signature with an r of 32 bytes', rewritten(plainR, writeDer)),
  passes(
    'witness-form',
    'a signature whose r needs a zero before it',
    rewritten(paddedR, writeDer),
  ),
  ...(
    [
      ['a signature that begins with 31', adding(0, 1)],
      ['a signature of a length one too great', adding(1, 1)],
      ['a signature of a length one too small', adding(1, -1)],
      ['a signature whose r is tagged 03', adding(2, 1)],
      ['a signature whose r has a length one too great', adding(3, 1)],
      ['a signature whose r has a length one too small', adding(3, -1)],
      ['a signature whose s is tagged 03', adding(36, 1)],
      ['a signature whose s has a length one too great', adding(37, 1)],
      ['a signature whose s has a length one too small', adding(37, -1)],
      ['a signature with a needless zero before r', (r, s) => writeDer(padded(r), s)],
      ['a signature with a needless zero before s', (r, s) => writeDer(r, padded(s))],
      ['a signature with a high s', (r, s) => writeDer(r, padded(highS(s)))],
      ['a signature with a negative s', (r, s) => writeDer(r, highS(s))],
      ['a signature with an r of 33 digits', (r, s) => writeDer(concatBytes(hex('01'), r), s)],
      ['a signature with an empty r', (_, s) => writeDer(new Uint8Array(0), s)],
      ['a signature with an empty s', (r) => writeDer(r, new Uint8Array(0))],
      ['a signature without s', (r) => sequence(integer(r))],
      ['a signature with a byte behind it', (r, s) => concatBytes(writeDer(r, s), hex('00'))],
      [
        'a signature with a byte behind s within its length',
        (r, s) => sequence(concatBytes(integer(r), integer(s), hex('00'))),
      ],
      [
        'a signature whose length takes two bytes',
        (r, s) => concatBytes(hex('3081'), writeDer(r, s).slice(1)),
      ],
      ['a signature of its type alone', () => new Uint8Array(0)],
    ] as [string, (r: Uint8Array, s: Uint8Array, der: Uint8Array) => Uint8Array][]
  ).map(([subject, rewrite]) => never('witness-form', subject, rewritten(plainR, rewrite))),
  never(
    'witness-form',
    'a signature with a negative r',
    rewritten(paddedR, (r, s) => writeDer(r.slice(1), s)),
  ),
  never(
    'witness-form',
    'an empty signature',
    showing(wpkh, (_, key) => [new Uint8Array(0), key]),
  ),
];

/** A payment that is changed after it was signed. */
const changed = (coin: Owned, change: (payment: Transaction) => Transaction) =>
  spending([coin], change(pay([coin])));
const cheaper = ({ outputs, ...rest }: Transaction): Transaction => ({
  ...rest,
  outputs: outputs.map((output) => ({ ...output, amount: output.amount - 1n })),
});
/** Signed as a spend of one coin, judged as that of another. */
const mistaken = (signed: Owned, true_: Owned) => spending([true_], pay([signed]));
const stolen = (coin: Owned) => ({ ...coin, key: keyOf(3) });
const zeroInteger = hex('00');

/** Two inputs and one output: what the second signs of type SINGLE is not there. */
const single = (kind: SpendableKind, type: number) =>
  spending(pair(kind), pay(pair(kind), { outputs: [outputTo(3, 5n)], type }));

/** Two inputs, the second signed by a thief. */
const half = (kind: SpendableKind) => {
  const [first, second] = pair(kind);
  const payment = pay([first, second]);
  const { inputs } = sign(payment, [first, stolen(second)]);
  const kept = inputs.map((input, i) => {
    const [, key] = payment.inputs[i]?.witness ?? [];
    const [signature] = input.witness as [Uint8Array];
    return { ...input, witness: key ? [signature, key] : [signature] };
  });
  return spending([first, second], { ...payment, inputs: kept });
};

/** The key with the same x and the other y. */
const { publicKey } = keyOf(1);
const otherSign = publicKey.with(0, publicKey[0] === 2 ? 3 : 2);

const rule = 'block-script-verify-flag-failed';
const offCurveTr = own(1, { script: concatBytes(hex('5120'), offCurve) });
const payingOffCurve = pay([wpkh], { outputs: [{ amount: 5n, script: offCurveTr.coin.script }] });

const signatures: readonly Row[] = [
  ...(['p2wpkh', 'p2tr'] as const).flatMap((kind) => {
    const coin = own(1, { kind });
    const richer = own(1, { kind, amount: 1001n });
    return [
      passes(rule, `a signed ${name[kind]} payment`, spending([coin], pay([coin]))),
      never(
        rule,
        `a ${name[kind]} signature with its last bit turned`,
        showing(coin, (sig, key) => {
          const last = kind === 'p2wpkh' ? sig.length - 2 : sig.length - 1;
          const turned = turnBit(sig, 8 * last);
          return kind === 'p2wpkh' ? [turned, key] : [turned];
        }),
      ),
      never(rule, `a ${name[kind]} payment of a unit less than signed`, changed(coin, cheaper)),
      never(rule, `a ${name[kind]} coin of a unit more than signed`, mistaken(coin, richer)),
      never(rule, `a second ${name[kind]} input signed by another key`, half(kind)),
    ];
  }),
  never(
    rule,
    'a signature of type 01 that says 02',
    showing(wpkh, (sig, key) => [turnType(sig), key]),
  ),
  never(
    rule,
    'a P2TR signature for 64 bytes with 01 behind it',
    showing(tr, (sig) => [concatBytes(sig, hex('01'))]),
  ),
  never(
    rule,
    'a signature with an r of zero',
    rewritten(plainR, (_, s) => writeDer(zeroInteger, s)),
  ),
  never(
    rule,
    'a signature with an s of zero',
    rewritten(plainR, (r) => writeDer(r, zeroInteger)),
  ),
  never(rule, 'a key of the other sign', keyed(otherSign)),
  never(rule, 'a key that is no point', keyed(concatBytes(hex('02'), offCurve))),
  passes(rule, 'a payment to a P2TR key that is no point', spending([wpkh], payingOffCurve)),
  never(rule, 'a spend of a P2TR key that is no point', spending([offCurveTr], pay([offCurveTr]))),
  ...[0x03, 0x83].flatMap((type) => [
    passes(rule, `P2WPKH type ${hexByte(type)} without its output`, single('p2wpkh', type)),
    never(rule, `P2TR type ${hexByte(type)} without its output`, single('p2tr', type)),
  ]),
];

function turnType(signature: Uint8Array): Uint8Array {
  return signature.with(signature.length - 1, 0x02);
}

export const signatureRows = [...derForms, ...signatures];
