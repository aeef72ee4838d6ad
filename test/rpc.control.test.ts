/** The methods that steer the program: its clock and its log. */
import { expect, test } from 'vitest';
import { main } from '../src/consensus/params.ts';
import { noon } from './grove.ts';
import { plantAsked } from './rpc.ts';
import { startNode } from './started.ts';
import { ask, newFolder, refused } from './terminal.ts';

test('the clock stands where it is told to, and runs again', async () => {
  const { call } = await plantAsked();
  const shown = async () => {
    const totals = await call('getnettotals');
    return typeof totals === 'object' && totals && 'timemillis' in totals && totals.timemillis;
  };
  expect(await call('setmocktime', 2_000_000_000)).toBeNull();
  expect(await shown()).toBe(2_000_000_000_000);
  expect(await call('setmocktime', 0)).toBeNull();
  expect(await shown()).toBe(noon * 1_000);
  const range = '-8: Mocktime must be in the range [0, 4294967295], not';
  expect(await call('setmocktime', -1)).toBe(`${range} -1.`);
  expect(await call('setmocktime', 2 ** 32)).toBe(`${range} 4294967296.`);
  expect(await call('setmocktime', 2 ** 32 - 1)).toBeNull();
  expect(await call('setmocktime', 1.5)).toBe('-1: JSON integer out of range');
});

test('the clock of a network whose blocks cost work stands for nobody', async () => {
  const { call } = await plantAsked({ params: main });
  expect(await call('setmocktime', 2_000_000_000)).toBe(
    '-1: setmocktime is for regression testing (-regtest mode) only',
  );
});

test('what is logged in every detail is told and changed', async () => {
  const { call } = await plantAsked();
  const none = { mempool: false, mining: false, net: false, validation: false };
  expect(await call('logging')).toEqual(none);
  expect(await call('logging', ['mempool'])).toEqual({ ...none, mempool: true });
  expect(await call('logging', ['all'], ['mempool'])).toEqual({
    mempool: false,
    mining: true,
    net: true,
    validation: true,
  });
  expect(await call('logging', null, ['1'])).toEqual(none);
  expect(await call('logging', ['x'])).toBe('-8: unknown logging category x');
  expect(await call('logging', [7])).toMatch(/^-3: .*not of expected type string$/);
  expect(await call('logging', ['all', 'x'])).toMatch(/^-8: /);
});

test('a node that runs follows the clock that it is given, in blocks and in bans', async () => {
  const datadir = newFolder();
  const { hear } = await startNode(datadir);
  const rpc = (...words: readonly string[]) => ask(['rpc', ...words], { datadir });
  const address = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
  await rpc('setmocktime', '2000000000');
  await rpc('setban', '1.2.3.4', 'add', '60');
  const [hash = ''] = (await rpc('generatetoaddress', '1', address)) as readonly string[];
  expect(await rpc('getblockheader', hash)).toMatchObject({ time: 2_000_000_000 });
  expect(await rpc('listbanned')).toMatchObject([{ ban_created: 2_000_000_000 }]);
  await rpc('setmocktime', '2000000060');
  expect(await rpc('listbanned')).toEqual([]);

  await rpc('logging', '["validation"]');
  const hex = await rpc('getblock', hash, '0');
  expect(await rpc('submitblock', String(hex))).toBe('duplicate');
  expect(await hear('knew a block')).toMatchObject({ level: 'debug', hash });
  await refused(['rpc', 'setmocktime', '-1'], { datadir }, 'rpc-error', 'must be in the range');
});
