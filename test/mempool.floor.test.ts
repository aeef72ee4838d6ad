/** The fee floor: when it rises, how fast it falls, and where it ends. */
import { describe, expect, test } from 'vitest';
import { FeeFloor } from '../src/mempool/feefloor.ts';
import { noon } from './grove.ts';

describe('the fee floor', () => {
  const hour = 3600;

  test('stands until a block comes, and falls by half in twelve hours from then on', () => {
    const floor = new FeeFloor();
    expect(floor.rate(noon, 1)).toBe(0n);
    floor.raise(8_000n);
    expect(floor.rate(noon + 100 * hour, 1)).toBe(8_000n);
    floor.fall(noon + 100 * hour);
    expect(floor.rate(noon + 100 * hour + 10, 1)).toBe(8_000n);
    expect(floor.rate(noon + 112 * hour, 1)).toBe(4_000n);
    expect(floor.rate(noon + 124 * hour, 1)).toBe(2_000n);
  });

  test.each([
    [0.5, 12],
    [0.49, 6],
    [0.25, 6],
    [0.24, 3],
  ])('falls by half, with %d of the room taken, in %i hours', (taken, hours) => {
    const floor = new FeeFloor();
    floor.raise(8_000n);
    floor.fall(noon);
    expect(floor.rate(noon + hours * hour, taken)).toBe(4_000n);
  });

  test('is never below a step above nothing, and then it is gone', () => {
    const floor = new FeeFloor();
    floor.raise(1_600n);
    floor.fall(noon);
    expect(floor.rate(noon + 12 * hour, 1)).toBe(1_000n);
    expect(floor.rate(noon + 12 * hour, 1)).toBe(1_000n);
    expect(floor.rate(noon + 24 * hour, 1)).toBe(0n);
  });

  test('rises at once with what is evicted, never falls with it, and stands again', () => {
    const floor = new FeeFloor();
    floor.raise(8_000n);
    floor.raise(5_000n);
    expect(floor.rate(noon, 1)).toBe(8_000n);
    floor.fall(noon);
    floor.raise(9_000n);
    expect(floor.rate(noon + 12 * hour, 1)).toBe(9_000n);
  });

  test('does not rise where the clock is set back', () => {
    const floor = new FeeFloor();
    floor.raise(8_000n);
    floor.fall(noon);
    expect(floor.rate(noon - 50 * hour, 1)).toBe(8_000n);
  });
});
