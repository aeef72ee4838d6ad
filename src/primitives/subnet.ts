/**
 * Who can be banned: an address or a subnet of the internet, or the key of a peer. Each has one
 * way to be written, so that the same one is known again however somebody wrote it.
 */
import { base58 } from '@scure/base';

/** Addresses that share their first bits: 4 or 16 bytes, and how many bits they share. */
interface Subnet {
  readonly bytes: readonly number[];
  readonly bits: number;
}

/**
 * Who is meant, in the one way to write it: `1.2.3.0/24`, `2001:db9::1/128`, `12D3KooW…`; and
 * `undefined` where nobody is. Core: LookupSubNet and CSubNet::ToString.
 */
export function parseSubject(text: string): string | undefined {
  if (isPeerId(text)) return text;
  const subnet = parseSubnet(text);
  return subnet && formatSubnet(subnet);
}

/** Is this one, an address or a peer's key, meant by that subject in its one way to be written? */
export function isMeant(who: string, subject: string): boolean {
  if (who === subject) return true;
  const [one, all] = [parseSubnet(who), parseSubnet(subject)];
  if (!one || !all || one.bytes.length !== all.bytes.length || one.bits < all.bits) return false;
  return masked(one.bytes, all.bits).every((byte, i) => byte === all.bytes[i]);
}

/** A multihash of a public key: of the key itself where it is short, or of its SHA-256. */
function isPeerId(text: string): boolean {
  if (!/^[1-9A-HJ-NP-Za-km-z]{46,56}$/.test(text)) return false;
  const [kind, length, ...rest] = base58.decode(text);
  const isKey = kind === 0x00 && (length === 36 || length === 37);
  return (isKey || (kind === 0x12 && length === 32)) && rest.length === length;
}

function parseSubnet(text: string): Subnet | undefined {
  const [address = '', mask, ...rest] = text.split('/');
  const bytes = parseAddress(address);
  if (!bytes || rest.length > 0) return undefined;
  if (mask === undefined)
    return isOfSomebody(bytes) ? { bytes, bits: bytes.length * 8 } : undefined;
  const bits = parseMask(mask, bytes.length);
  return bits === undefined ? undefined : { bytes: masked(bytes, bits), bits };
}

/** Core: CNetAddr::IsValid. Documents use 2001:db8::/32 for examples. */
function isOfSomebody(bytes: readonly number[]): boolean {
  const isNobody = [0, ...(bytes.length === 4 ? [255] : [])].some((each) =>
    bytes.every((byte) => byte === each),
  );
  const isExample = bytes.length === 16 && startsWith(bytes, [0x20, 0x01, 0x0d, 0xb8]);
  return !isNobody && !isExample;
}

function startsWith(bytes: readonly number[], first: readonly number[]): boolean {
  return first.every((byte, i) => byte === bytes[i]);
}

/** As a count of bits, or as an address whose first bits are ones. */
function parseMask(text: string, length: number): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= length * 8 ? Number(text) : undefined;
  const bytes = parseAddress(text);
  if (bytes?.length !== length) return undefined;
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const ones = bits.replace(/0+$/, '');
  return ones.includes('0') ? undefined : ones.length;
}

function masked(bytes: readonly number[], bits: number): readonly number[] {
  return bytes.map((byte, i) => byte & (0xff << Math.min(8, Math.max(0, 8 - bits + i * 8))) & 0xff);
}

/** Four bytes, or sixteen. */
function parseAddress(text: string): readonly number[] | undefined {
  if (!text.includes(':')) return parseIpv4(text);
  const bytes = parseIpv6(text);
  // An address of the older kind in the dress of the newer one. Core: SetLegacyIPv6.
  return bytes && startsWith(bytes, mappedPrefix) ? bytes.slice(12) : bytes;
}

const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

function parseIpv4(text: string): readonly number[] | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1);
  if (!parts?.every((part) => Number(part) < 256 && part === String(Number(part))))
    return undefined;
  return parts.map(Number);
}

function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const words = halves.map((half, i) =>
    half.flatMap((word, j) => {
      const isLast = i === halves.length - 1 && j === half.length - 1;
      return wordBytes(word, isLast);
    }),
  );
  const all = words.flat();
  if (halves.length > 2 || all.includes(-1)) return undefined;
  const missing = 16 - all.length;
  if (halves.length === 1) return missing === 0 ? all : undefined;
  if (missing < 2) return undefined;
  return [...(words[0] ?? []), ...Array.from({ length: missing }, () => 0), ...(words[1] ?? [])];
}

/** Two bytes in hex; the last ones may be four in the older notation. -1 for what is neither. */
function wordBytes(word: string, isLast: boolean): readonly number[] {
  if (isLast && word.includes('.')) return parseIpv4(word) ?? [-1];
  if (!/^[0-9a-f]{1,4}$/i.test(word)) return [-1];
  const number = Number.parseInt(word, 16);
  return [number >> 8, number & 0xff];
}

function formatSubnet({ bytes, bits }: Subnet): string {
  return `${bytes.length === 4 ? bytes.join('.') : formatIpv6(bytes)}/${bits}`;
}

/** The longest row of zeros is left out, the first of several. RFC 5952. */
function formatIpv6(bytes: readonly number[]): string {
  const words = Array.from({ length: 8 }, (_, i) => {
    return (((bytes[i * 2] ?? 0) << 8) | (bytes[i * 2 + 1] ?? 0)).toString(16);
  });
  const text = words.join(':');
  const rows = [...text.matchAll(/\b0(?::0\b)+/g)];
  const [longest] = rows.toSorted(([one], [other]) => other.length - one.length);
  if (!longest) return text;
  const before = text.slice(0, longest.index).replace(/:$/, '');
  const behind = text.slice(longest.index + longest[0].length).replace(/^:/, '');
  return `${before}::${behind}`;
}
