/** The search for addresses that were given out: it ends at twenty unused ones in a row. */
import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findNext } from '../src/wallet/gap.ts';
import { type KeyPath, Keys, PublicKeys, pathText } from '../src/wallet/keys.ts';
import { pathsOf } from '../src/wallet/wallet.ts';
import { alice, keys, words } from './wallet.purse.ts';

/** The public keys, each derived once: the searches ask for the same ones again and again. */
const publicKeys = new PublicKeys(alice.accounts);
const known = new Map<string, ReturnType<PublicKeys['key']>>();
const remembering = {
  key(path: KeyPath) {
    const name = pathText(path, 1);
    const key = known.get(name) ?? publicKeys.key(path);
    known.set(name, key);
    return key;
  },
};

/** What is found where these were used, and how many scripts were asked about. */
function search(used: readonly KeyPath[]) {
  const scripts = new Set(used.map((path) => bytesToHex(remembering.key(path).script)));
  const asked: string[] = [];
  const found = findNext(remembering);
  let step = found.next();
  while (!step.done) {
    const script = bytesToHex(step.value);
    asked.push(script);
    step = found.next(scripts.has(script));
  }
  return { next: step.value, asked };
}

const receive = (index: number): KeyPath => ({ kind: 'p2wpkh', isChange: false, index });
const branches = [
  { kind: 'p2wpkh', isChange: false },
  { kind: 'p2wpkh', isChange: true },
  { kind: 'p2tr', isChange: false },
  { kind: 'p2tr', isChange: true },
] as const;

describe('the gap search', () => {
  test('asks of twenty addresses on each of four branches where nothing was used', () => {
    const { next, asked } = search([]);
    expect(next).toEqual(alice.next);
    const all = branches.flatMap((branch) =>
      Array.from({ length: 20 }, (_, index) => remembering.key({ ...branch, index })),
    );
    expect(asked).toEqual(all.map(({ script }) => bytesToHex(script)));
  });

  test('goes on for twenty more after a use at index 19', () => {
    const { next, asked } = search([receive(19)]);
    expect(next.p2wpkh).toEqual({ receive: 20, change: 0 });
    expect(asked).toHaveLength(80 + 20);
  });

  test('does not see a use at index 20, behind twenty unused ones', () => {
    expect(search([receive(20)]).next).toEqual(alice.next);
    expect(search([receive(0), receive(20)]).next.p2wpkh.receive).toBe(21);
    expect(search([receive(0), receive(21)]).next.p2wpkh.receive).toBe(1);
  });

  test.each(branches)('finds what was used of $kind, change $isChange, alone', (branch) => {
    const { next } = search([{ ...branch, index: 4 }]);
    const paths = pathsOf({ ...alice, next });
    const found = paths.filter(({ kind, isChange }) => {
      return kind === branch.kind && isChange === branch.isChange;
    });
    expect(found).toHaveLength(5);
    expect(paths).toHaveLength(branch === branches[0] ? 5 : 6);
  });

  test('finds any wallet that left fewer than twenty unused in a row', () => {
    const anySteps = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(anySteps, { minLength: 4, maxLength: 4 }), (steps) => {
        const ends = [0, 0, 0, 0];
        const used = branches.flatMap((branch, i) => {
          let end = 0;
          return (steps[i] ?? []).map((step) => {
            end += step;
            ends[i] = end;
            return { ...branch, index: end - 1 };
          });
        });
        const { next, asked } = search(used);
        const [first = 0, ...others] = ends;
        const { p2wpkh, p2tr } = next;
        const found = [p2wpkh.receive, p2wpkh.change, p2tr.receive, p2tr.change];
        expect(found).toEqual([Math.max(1, first), ...others]);
        expect(asked).toHaveLength(ends.reduce((sum, end) => sum + end + 20, 0));
      }),
      { numRuns: 50 },
    );
  });
});

test('public keys are those that belong to the private ones', () => {
  const ring = new Keys(words, 0);
  const branch = new PublicKeys(ring.accounts());
  for (const { kind, isChange } of branches) {
    for (const index of [0, 1, 999_999]) {
      const { privateKey: _, ...key } = ring.key({ kind, isChange, index });
      expect(branch.key({ kind, isChange, index })).toEqual(key);
      expect(publicKeys.key({ kind, isChange, index }).script).toEqual(
        keys.key({ kind, isChange, index }).script,
      );
    }
  }
});
