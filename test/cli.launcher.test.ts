/** How the program is started, shown and stopped: an older Node, a real terminal, ctrl-C. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import {
  ask,
  environment,
  firstLines,
  launcher,
  lines,
  newFolder,
  type Place,
  type PrintedBlock,
  run,
  signalGroup,
  start,
} from './terminal.ts';

const onMain = { CHAIN_NETWORK: 'main' };
const mine = ['mine', '--to', 'tc1qrst443pm559svf9fkfyj88tj478w7xeq0utj0w'];

/** The blocks from this height down, the lowest first, without the genesis block. */
async function hashesBelow(height: number, place: Place): Promise<readonly string[]> {
  const words = ['printchain', '--from', `${height}`, '--limit', `${height}`];
  const blocks = await ask<readonly PrintedBlock[]>(words, place);
  return blocks.map(({ hash }) => hash).toReversed();
}

/** Mines on main until three blocks are told, presses ctrl-C, and answers how that ended. */
async function interrupt(node: string): Promise<unknown[]> {
  const place = { datadir: newFolder(), env: onMain };
  const mining = start([...mine, '--blocks', '1000'], { ...place, node });
  const printed = await firstLines(mining, 3);
  const ending = await signalGroup(mining, 'SIGINT');
  expect(await hashesBelow(3, place)).toEqual(printed);
  // The chain goes on from there, not from anew.
  await lines(mine, place);
  expect(await hashesBelow(3, place)).toEqual(printed);
  return ending;
}

test.concurrent('ctrl-C ends mining, and the next start has all that was told', async () => {
  // No exit code but the signal itself: to a shell that is 130.
  expect(await interrupt(process.execPath)).toEqual([null, 'SIGINT']);
});

describe.concurrent("with the machine's own older Node", () => {
  const node = '/usr/bin/node';
  const version = existsSync(node) ? execFileSync(node, ['--version'], { encoding: 'utf8' }) : '';
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  const isOlder = version !== '' && (major < 22 || (major === 22 && minor < 18));

  test.skipIf(!isOlder)('the program runs on the one that the project pins', async () => {
    const place = { datadir: newFolder(), node };
    expect(await lines(['status'], place)).toContain('height      0');
    expect(await run(['mine'], place)).toMatchObject({ code: 1, stdout: '' });
    const wrong = await run(['--bogus'], place);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toBe("error: usage: unknown option '--bogus'\n");
  });

  test.skipIf(!isOlder)('ctrl-C ends it with 130, and loses nothing', async () => {
    expect(await interrupt(node)).toEqual([130, null]);
  });
});

describe.concurrent('progress', () => {
  const progress = /mining block 1 …/;

  test('is nothing on a pipe', async () => {
    const said = await run(mine, { datadir: newFolder(), env: onMain });
    expect(said).toEqual({ code: 0, stdout: expect.stringMatching(/^\w{64}\n$/), stderr: '' });
  });

  test.skipIf(!existsSync('/usr/bin/script'))('is shown on a terminal, then gone', async () => {
    const shown = await onTerminal(mine);
    expect(shown).toMatch(progress);
    // What is left after the last time that the line was cleared is the answer alone.
    expect(shown.split('\u001b[K').at(-1)).toMatch(/^\w{64}\r\n$/);
  });

  test.skipIf(!existsSync('/usr/bin/script'))('is not shown with --quiet or --json', async () => {
    for (const word of ['--quiet', '--json']) {
      expect(await onTerminal([...mine, word])).not.toMatch(progress);
    }
  });

  /** All that a command shows on a pseudo-terminal. */
  async function onTerminal(words: readonly string[]): Promise<string> {
    const command = [process.execPath, launcher, ...words].map((word) => `'${word}'`).join(' ');
    const env = environment({ datadir: newFolder(), env: onMain });
    const child = spawn('/usr/bin/script', ['-qec', command, '/dev/null'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return await text(child.stdout);
  }
});
