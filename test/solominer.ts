/**
 * A miner for himself, written from BIP22, BIP23 and BIP141 with nothing of ours: he asks a node
 * for a template, makes the block byte by byte, grinds it and hands it in.
 */
import { createHash } from 'node:crypto';

/** Asks the node, and throws its error. */
export type Rpc = (method: string, ...params: readonly unknown[]) => Promise<unknown>;

/** What he reads of a template; BIP22, BIP23 and BIP145 name the fields. */
export interface Template {
  readonly version: number;
  readonly previousblockhash: string;
  readonly transactions: readonly { readonly data: string; readonly txid: string }[];
  readonly coinbasevalue: number;
  readonly longpollid: string;
  readonly target: string;
  readonly curtime: number;
  readonly bits: string;
  readonly height: number;
  readonly default_witness_commitment?: string;
}

/** A block that he made, and the id of its coinbase. */
interface Made {
  readonly hex: string;
  readonly coinbase: string;
}

export async function askTemplate(rpc: Rpc, more: object = {}): Promise<Template> {
  return (await rpc('getblocktemplate', { rules: ['segwit'], ...more })) as Template;
}

/** A whole block that pays this script, with its work in it. */
export function makeBlock(template: Template, payTo: Buffer): Made {
  const { bare, whole } = coinbaseOf(template, payTo);
  const coinbase = sha256d(bare);
  const ids = template.transactions.map(({ txid }) => reversed(txid));
  const header = grind(template, rootOf([coinbase, ...ids]));
  const others = template.transactions.map(({ data }) => Buffer.from(data, 'hex'));
  const count = compactSize(others.length + 1);
  const hex = Buffer.concat([header, count, whole, ...others]).toString('hex');
  return { hex, coinbase: Buffer.from(coinbase).reverse().toString('hex') };
}

/** Without its witness, of which its id is the hash, and with it. */
function coinbaseOf(template: Template, payTo: Buffer) {
  const { height, coinbasevalue, default_witness_commitment: commitment } = template;
  const script = Buffer.concat([pushOfHeight(height), Buffer.from('/solo/')]);
  const outputs = [outputOf(coinbasevalue, payTo)];
  if (commitment !== undefined) outputs.push(outputOf(0, Buffer.from(commitment, 'hex')));
  const input = [Buffer.alloc(32), u32(0xffff_ffff), sized(script), u32(0xffff_ffff)];
  const body = [compactSize(1), ...input, compactSize(outputs.length), ...outputs];
  const bare = Buffer.concat([u32(2), ...body, u32(0)]);
  // BIP141: the witness of a coinbase is one item of 32 bytes, zeros for the default commitment.
  const witness = [compactSize(1), sized(Buffer.alloc(32))];
  const whole = Buffer.concat([u32(2), Buffer.from([0, 1]), ...body, ...witness, u32(0)]);
  return { bare, whole: commitment === undefined ? bare : whole };
}

function grind({ version, previousblockhash, curtime, bits, target }: Template, root: Buffer) {
  const parts = [i32(version), reversed(previousblockhash), root, u32(curtime), reversed(bits)];
  const header = Buffer.concat([...parts, u32(0)]);
  for (let nonce = 0; ; nonce++) {
    header.writeUInt32LE(nonce, 76);
    // As hex of one length, they stand in the order of their numbers.
    if (sha256d(header).reverse().toString('hex') <= target) return header;
  }
}

/** The ids in pairs, the last one with itself where it has no other. */
function rootOf(ids: readonly Buffer[]): Buffer {
  const [first] = ids;
  if (!first) throw new Error('a block has a coinbase');
  if (ids.length === 1) return first;
  const pairs = ids.flatMap((id, i) =>
    i % 2 === 0 ? [sha256d(Buffer.concat([id, ids[i + 1] ?? id]))] : [],
  );
  return rootOf(pairs);
}

/** BIP34, in the form in which script pushes numbers. */
function pushOfHeight(height: number): Buffer {
  if (height <= 16) return Buffer.from([0x50 + height]);
  const bytes: number[] = [];
  for (let left = height; left > 0; left >>= 8) bytes.push(left & 0xff);
  if ((bytes.at(-1) ?? 0) >= 0x80) bytes.push(0);
  return Buffer.from([bytes.length, ...bytes]);
}

function outputOf(amount: number, script: Buffer): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(amount));
  return Buffer.concat([bytes, sized(script)]);
}

function sized(bytes: Buffer): Buffer {
  return Buffer.concat([compactSize(bytes.length), bytes]);
}

function compactSize(count: number): Buffer {
  return count < 0xfd ? Buffer.from([count]) : Buffer.from([0xfd, count & 0xff, count >> 8]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function i32(value: number): Buffer {
  return u32(value >>> 0);
}

function reversed(hex: string): Buffer {
  return Buffer.from(hex, 'hex').reverse();
}

function sha256d(bytes: Uint8Array): Buffer {
  const sha256 = (each: Uint8Array) => createHash('sha256').update(each).digest();
  return sha256(sha256(bytes));
}
