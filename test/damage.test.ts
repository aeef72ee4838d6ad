/** Damage to any file of a database: each answer is the right one, or says that it is damaged. */
import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  filesIn,
  type Garden,
  growGarden,
  kinds,
  type Outcome,
  type State,
  Tally,
  tryDamage,
  turnOneBit,
} from './damage.ts';
import { diceOf } from './forest.ts';

const timeoutMs = 240_000;
const states = ['closed', 'killed'] as const;
const tally = new Tally();

let garden: Garden;
beforeAll(async () => {
  garden = await growGarden();
}, timeoutMs);
afterAll(() => {
  garden.remove();
  process.stdout.write(`${tally}\n`);
});

/** Counts what a trial came to, and expects that nothing was wrong. */
async function expectNoneWrong(state: State, seed: number, damage: (place: string) => string) {
  const outcome = await tryDamage(garden, state, { seed, damage });
  tally.add(outcome);
  expect(outcome.wrong, `${state}, seed ${seed}: ${outcome.what}`).toEqual([]);
  return outcome;
}

test('without damage every answer is right', async () => {
  for (const state of states) {
    const outcome = await tryDamage(garden, state, { seed: 1, damage: () => 'nothing' });
    expect(outcome).toMatchObject({ isOpen: true, damaged: 0, wrong: [] });
    expect(outcome.right).toBeGreaterThan(3000);
  }
});

test('every kind of file is among those that are damaged', () => {
  for (const state of states) {
    const files = filesIn(join(garden.states[state], 'chain'));
    expect(kinds.filter((kind) => !files.some((name) => kind.test(name)))).toEqual([]);
  }
});

test.each(Array.from({ length: 40 }, (_, i) => i + 1))(
  'one bit that turned makes no answer wrong (seed %i)',
  { timeout: timeoutMs },
  async (seed) => {
    for (const state of states) {
      await expectNoneWrong(state, seed, (place) => turnOneBit(place, seed));
    }
  },
);

/** Every file of this state, and every one of the same kind that could lie in its place. */
function swaps(state: State): readonly { readonly name: string; readonly by: string }[] {
  const [place, earlier] = [state, 'earlier' as const].map((each) => {
    return join(garden.states[each], 'chain');
  });
  if (!place || !earlier) return [];
  return filesIn(place).flatMap((name) => {
    const kind = kinds.find((each) => each.test(name));
    return [place, earlier].flatMap((folder) =>
      filesIn(folder)
        .filter((other) => kind?.test(other) && !(folder === place && other === name))
        .map((other) => ({ name, by: join(folder, other) })),
    );
  });
}

test.each(states)(
  'a file in the place of another makes no answer wrong (%s)',
  {
    timeout: timeoutMs,
  },
  async (state) => {
    const outcomes: Outcome[] = [];
    for (const [seed, { name, by }] of swaps(state).entries()) {
      const damage = (place: string) => {
        copyFileSync(by, join(place, name));
        return `${by} in the place of ${name}`;
      };
      outcomes.push(await expectNoneWrong(state, seed, damage));
    }
    expect(outcomes.length).toBeGreaterThanOrEqual(5);
    expect(outcomes.filter(isNoticed).length).toBeGreaterThanOrEqual(3);
  },
);

/** A file is taken away, emptied, or cut somewhere. */
const losses: Readonly<Record<string, (path: string, seed: number) => void>> = {
  'is lost': (path) => rmSync(path),
  'is empty': (path) => writeFileSync(path, ''),
  'is cut': (path, seed) => {
    const { length } = readFileSync(path);
    if (length > 0) truncateSync(path, diceOf(seed)(length));
  },
};

test.each(states)(
  'a file that is lost, empty or cut makes no answer wrong (%s)',
  {
    timeout: timeoutMs,
  },
  async (state) => {
    for (const [how, lose] of Object.entries(losses)) {
      for (const [seed, name] of filesIn(join(garden.states[state], 'chain')).entries()) {
        const isNothing = readFileSync(join(garden.states[state], 'chain', name)).length === 0;
        const isSpare = name === 'last' && how === 'is cut';
        const outcome = await expectNoneWrong(state, seed, (place) => {
          lose(join(place, name), seed);
          return `${name} ${how}`;
        });
        // Of an empty log nothing can be lost, and the last number is kept twice.
        if (!isNothing && !isSpare) expect(isNoticed(outcome), `${name} ${how}`).toBe(true);
      }
    }
  },
);

function isNoticed({ damaged }: Outcome): boolean {
  return damaged > 0;
}

test('an older copy of the whole folder is opened, and goes on from there', async () => {
  const { wrong, isOpen } = await tryDamage(garden, 'earlier', { seed: 1, damage: () => 'older' });
  expect(isOpen).toBe(true);
  // It says what was true then, and no fault is among its words.
  expect(wrong.filter((each) => /Fault|Error/.test(each))).toEqual([]);
  const [tip] = wrong;
  expect(tip).toContain('the tip: ');
});
