/** Text for people in 80 columns: what is too long goes on below, indented. */
import { styleText } from 'node:util';

/** What a terminal shows in one line, at the least. */
const columns = 80;

/** The line, or where it is too long its first column, and below it the rest. */
export function fit(line: string): readonly string[] {
  if (line.length <= columns) return [line];
  // The word, and the amount if there is one, stay; an address or a memo goes below them.
  const [, first = '', rest = ''] = /^(\s*\S+(?:\s+[\d.]+(?=\s))?)\s+(.*)$/.exec(line) ?? [];
  const indent = ' '.repeat(8);
  const pieces = rest.match(new RegExp(`.{1,${columns - indent.length}}`, 'gu')) ?? [];
  return [first, ...pieces.map((piece) => indent + piece)];
}

/** The time in UTC, to the second. */
export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('T', ' ').slice(0, 19);
}

/** A fee rate, held in base units per 1,000 virtual bytes, as units a byte with three places. */
export function rateText(feeRate: bigint): string {
  return `${feeRate / 1_000n}.${(feeRate % 1_000n).toString().padStart(3, '0')}`;
}

/** So many of them: `1 block`, `2 blocks`. */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** What stands above other lines; plain where nobody sees colours, or wants none. */
export function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout });
}
