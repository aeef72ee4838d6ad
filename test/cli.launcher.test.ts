/** How the program is started, shown and stopped: an older Node, a real terminal, ctrl-C. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { addressOf } from '../src/primitives/address.ts';
import { p2wpkhScript } from '../src/primitives/script.ts';
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
  track,
} from './terminal.ts';

const onMain = { CHAIN_NETWORK: 'main' };
const regtestMine = ['mine', '--to', addressOf(p2wpkhScript(new Uint8Array(20)), 'bcrt') ?? ''];
const mine = ['mine', '--to', 'tc1qrst443pm559svf9fkfyj88tj478w7xeq0utj0w'];

/** The blocks from this height down, the lowest first, without the genesis block. */
async function hashesBelow(height: number, place: Place): Promise<readonly string[]> {
  const words = ['printchain', '--from', `${height}`, '--limit', `${height}`];
  const blocks = await ask<readonly PrintedBlock[]>(words, place);
  return blocks.map(({ hash }) => hash).toReversed();
}

/** Mines on main until two blocks are told, sends a signal, and answers how that ended. */
async function interrupt(
  node: string,
  signal: NodeJS.Signals,
  words: readonly string[] = [],
): Promise<unknown[]> {
  const place = { datadir: newFolder(), env: onMain };
  const mining = start([...mine, '--blocks', '1000', ...words], { ...place, node });
  const printed = await firstLines(mining, 2);
  const ending = await signalGroup(mining, signal);
  // Nobody of its process group is left.
  expect(() => process.kill(-(mining.pid ?? 0), 0)).toThrow('ESRCH');
  expect(await hashesBelow(2, place)).toEqual(printed);
  // The chain goes on from there, not from anew.
  await lines(mine, place);
  expect(await hashesBelow(2, place)).toEqual(printed);
  return ending;
}

describe.concurrent('mining', () => {
  // No exit code but the signal itself: to a shell that is 130 or 143.
  test.each([
    ['ctrl-C', 'SIGINT', ['--threads', '9']],
    ['a polite kill', 'SIGTERM', []],
  ] as const)('ends by %s, and the next start has all that was told', async (_, signal, words) => {
    expect(await interrupt(process.execPath, signal, words)).toEqual([null, signal]);
  });

  test('needs one thread at least', async () => {
    for (const none of ['0', '-1', '1.5', 'all']) {
      const said = await run([...mine, '--threads', none], { datadir: newFolder() });
      expect(said).toMatchObject({ code: 2, stdout: '' });
      expect(said.stderr).toContain(`'${none}' is not a whole number from 1 on`);
    }
  });

  test('on as many threads as one likes finds blocks that are valid', async () => {
    const place = { datadir: newFolder() };
    const printed = await lines([...regtestMine, '--blocks', '5', '--threads', '1'], place);
    const more = await lines([...regtestMine, '--blocks', '5', '--threads', '999'], place);
    expect(await hashesBelow(10, place)).toEqual([...printed, ...more]);
    expect((await run(['verify'], place)).code).toBe(0);
  });
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
    expect(await interrupt(node, 'SIGINT')).toEqual([130, null]);
  });

  test.skipIf(!isOlder)('a polite kill ends it with 143, and loses nothing', async () => {
    expect(await interrupt(node, 'SIGTERM')).toEqual([143, null]);
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

  test.skipIf(!existsSync('/usr/bin/script'))(
    'tells the speed, and is gone by ctrl-C',
    async () => {
      const terminal = openTerminal([...mine, '--blocks', '1000']);
      let shown = '';
      let isInterrupted = false;
      for await (const piece of terminal.stdout.setEncoding('utf8')) {
        shown += piece;
        // The terminal makes a signal of this key.
        if (!isInterrupted && shown.includes('MH/s')) terminal.stdin.write('\u0003');
        isInterrupted = shown.includes('MH/s');
      }
      expect(shown).toMatch(/mining block \d+ … \d+\.\d\d MH\/s, \d+ s/);
      expect(shown.split('\u001b[K').at(-1)).toBe('');
      expect(shown).not.toContain('error');
    },
  );

  test('there are colours on a terminal, and none with NO_COLOR', async () => {
    const words = ['printchain', '--limit', '1'];
    expect(await onTerminal(words)).toContain('\u001b[1mblock 0\u001b[22m');
    expect(await onTerminal(['getblock', '9'])).toContain('\u001b[31merror:\u001b[39m not-found: ');
    expect(await onTerminal(words, { NO_COLOR: '1' })).toMatch(/^block 0\r\n/);
    expect(await onTerminal(['getblock', '9'], { NO_COLOR: '1' })).toMatch(/^error: not-found: /);
  });

  /** All that a command shows on a pseudo-terminal. */
  async function onTerminal(
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const terminal = openTerminal(words, env);
    terminal.stdin.end();
    return await text(terminal.stdout);
  }

  /** A command on a pseudo-terminal. */
  function openTerminal(words: readonly string[], added: Readonly<Record<string, string>> = {}) {
    const command = [process.execPath, launcher, ...words].map((word) => `'${word}'`).join(' ');
    const terminal = { ...onMain, TERM: 'xterm-256color', ...added };
    // On a machine that runs tests for others Node shows no colours.
    const { CI: _, ...env } = environment({ datadir: newFolder(), env: terminal });
    const options = { env, detached: true };
    return track(spawn('/usr/bin/script', ['-qec', command, '/dev/null'], options));
  }
});
