/** What is told of mining: how fast it goes, how often, and that it ended. */
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { type Client, Hub } from '../src/cli/hub.ts';
import { Log } from '../src/cli/log.ts';
import { MiningReport } from '../src/cli/miningreport.ts';

/** A miner that is looked at four times a second, and what was heard of it. */
function watch() {
  const state = { now: 0, tried: 0, height: 99 };
  const events: unknown[] = [];
  const lines: { level: string; message: string; height: number; hashrate: number }[] = [];
  const hub = new Hub({ prefix: 'bcrt', clock: () => 0 });
  const client: Client = {
    waiting: { messages: 0, bytes: 0 },
    send: (message) => events.push(JSON.parse(Buffer.from(message).toString())),
    drop: () => {},
  };
  hub.register(client);
  hub.hear(client, '{"subscribe":["mining"]}');
  events.splice(0);
  const output = new Writable({
    write(line, _encoding, done) {
      lines.push(JSON.parse(String(line)));
      done();
    },
  });
  const log = new Log({ network: 'regtest', json: true, verbose: true }, output);
  const height = () => state.height;
  const report = new MiningReport({ tried: () => state.tried, height, hub, log });
  /** So many seconds at this rate. */
  const pass = (seconds: number, rate: number) => {
    for (let i = 0; i < seconds * 4; i++) {
      state.now += 0.25;
      state.tried += rate / 4;
      report.tick(state.now);
    }
  };
  const told = (level: string) => lines.filter((line) => line.level === level);
  return { state, events, report, pass, told };
}

test('nothing is told of a miner that rests', () => {
  const { events, report, pass, told } = watch();
  pass(60, 0);
  expect({ events, debug: told('debug'), info: told('info') }).toEqual({
    events: [],
    debug: [],
    info: [],
  });
  expect(report.hashRate).toBe(0);
});

test('while it searches an event tells of each look, and one of the end', () => {
  const { events, report, pass } = watch();
  pass(1, 0);
  pass(5, 1_000);
  expect(report.hashRate).toBe(1_000);
  expect(events).toHaveLength(20);
  expect(events.at(-1)).toEqual({ event: 'mining', height: 100, hashrate: 1_000 });
  pass(10, 0);
  expect(events.at(-1)).toEqual({ event: 'mining', height: 100, hashrate: 0 });
  expect(events).toHaveLength(21);
});

test('a long search is told in the log every ten seconds, and in detail every second', () => {
  const { pass, told } = watch();
  pass(1, 0);
  pass(31, 500);
  expect(told('info')).toEqual(
    [1, 2, 3].map(() => expect.objectContaining({ height: 100, hashrate: 500 })),
  );
  expect(told('debug').length).toBeGreaterThan(24);
  expect(told('debug').length).toBeLessThan(32);
});

test('where blocks are found the log tells of those alone', () => {
  const { state, pass, told } = watch();
  for (let i = 0; i < 30; i++) {
    pass(2, 500);
    state.height++;
  }
  expect(told('info')).toEqual([]);
});
