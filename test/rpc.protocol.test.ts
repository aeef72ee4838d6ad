/** The envelope of JSON-RPC: versions, batches, notifications, errors and numbers. */
import { describe, expect, test } from 'vitest';
import { Exact, parseJson, writeJson } from '../src/rpc/exact.ts';
import { badParameter } from '../src/rpc/failure.ts';
import { answer, type Call, maxBatch } from '../src/rpc/protocol.ts';
import { plantAsked } from './rpc.ts';
import { hasVectors, startTally, vectorText } from './vectors.ts';

const tally = startTally('JSON-RPC');

/** Answers with what it was called with. */
const echo: Call = async (method, parameters) => {
  if (method === 'refuse') throw badParameter('no');
  if (method === 'break') throw new TypeError('a bug');
  return { method, parameters };
};

async function ask(request: unknown) {
  const body = typeof request === 'string' ? request : JSON.stringify(request);
  const reply = await answer(body, echo);
  return { status: reply.status, ...(reply.body ? { says: JSON.parse(reply.body) } : {}) };
}

test('both flavours answer in their own form', async () => {
  const called = { method: 'm', parameters: [] };
  expect(await ask({ method: 'm', id: 'a' })).toEqual({
    status: 200,
    says: { result: called, error: null, id: 'a' },
  });
  expect(await ask({ jsonrpc: '2.0', method: 'm', id: null })).toEqual({
    status: 200,
    says: { jsonrpc: '2.0', result: called, id: null },
  });
});

test('in 2.0 a refusal is HTTP 200, and before it HTTP tells of it', async () => {
  const error = { code: -8, message: 'no' };
  expect(await ask({ jsonrpc: '2.0', method: 'refuse', id: 1 })).toEqual({
    status: 200,
    says: { jsonrpc: '2.0', error, id: 1 },
  });
  expect(await ask({ jsonrpc: '1.0', method: 'refuse', id: 1 })).toEqual({
    status: 500,
    says: { result: null, error, id: 1 },
  });
});

test('a notification is done, and nobody hears how it ended', async () => {
  for (const method of ['m', 'refuse', 'break']) {
    expect(await ask({ jsonrpc: '2.0', method })).toEqual({ status: 204 });
  }
});

test('in a batch errors are answers, and notifications have none', async () => {
  const { status, says } = await ask([
    { jsonrpc: '2.0', method: 'm', id: 1 },
    { jsonrpc: '2.0', method: 'm' },
    { method: 'refuse', id: 2 },
    7,
  ]);
  expect(status).toBe(200);
  expect(says).toMatchObject([
    { id: 1 },
    { id: 2, error: { code: -8 } },
    { error: { code: -32600 } },
  ]);
  expect(says).toHaveLength(3);
});

test('a batch has a bound', async () => {
  const one = { method: 'm', id: 1 };
  const most = await ask(Array.from({ length: maxBatch }, () => one));
  expect(most.says).toHaveLength(maxBatch);
  const more = await ask(Array.from({ length: maxBatch + 1 }, () => one));
  expect(more).toMatchObject({ status: 400, says: { error: { code: -32600 } } });
});

const malformed: readonly (readonly [string, number, number])[] = [
  ['', 500, -32700],
  ['{', 500, -32700],
  ['{"id":1}x', 500, -32700],
  ['7', 500, -32700],
  ['null', 500, -32700],
  ['"getblockcount"', 500, -32700],
  ['[', 500, -32700],
  ['['.repeat(200_000), 500, -32700],
  [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 500, -32700],
  ['{}', 400, -32600],
  ['{"id":1,"method":7}', 400, -32600],
  ['{"id":1,"method":null}', 400, -32600],
  ['{"id":1,"method":"m","params":7}', 400, -32600],
  ['{"id":1,"method":"m","params":"x"}', 400, -32600],
  ['{"id":1,"method":"m","jsonrpc":2}', 400, -32600],
  ['{"id":1,"method":"m","jsonrpc":"3.0"}', 400, -32600],
  ['{"id":1,"method":"break"}', 500, -32603],
];

test.each(malformed)('%.40s is answered with HTTP %i and error %i', async (body, status, code) => {
  expect(await ask(body)).toMatchObject({ status, says: { error: { code } } });
});

describe('numbers', () => {
  test('keep the digits that they were written with', async () => {
    const digits = '[0.1,1e-05,12345678901234567890,50.00000000]';
    expect(writeJson(parseJson(digits))).toBe(digits);
    const { body } = await answer('{"id":12345678901234567890,"method":"m"}', echo);
    expect(body).toContain('"id":12345678901234567890');
  });

  test('are written as they are, and fields that are not there are not', () => {
    const value = { a: 5n, b: 4.5e-10, c: new Exact('1.50'), d: undefined, e: [null, true, 'x"'] };
    expect(writeJson(value)).toBe('{"a":5,"b":4.5e-10,"c":1.50,"e":[null,true,"x\\""]}');
  });
});

/** What Core answered and we do not, each for its reason. */
const otherwise: Readonly<Record<string, string>> = {
  sendtoaddress: 'wallets have no JSON-RPC yet',
  getwalletinfo: 'wallets have no JSON-RPC yet',
};

interface Exchange {
  readonly body: string;
  readonly status: number;
  readonly answer: string;
}

function exchanges(): readonly Exchange[] {
  return vectorText('rpc/examples.txt')
    .split('--- ')
    .flatMap((part) => {
      const [, body, status, rest = ''] =
        /^POST {2}?(?:\/\S+)? ?(\S[^\n]*)\nHTTP\/1\.1 (\d+)[^\n]*\n([\s\S]*)/.exec(part) ?? [];
      if (body === undefined) return [];
      return {
        body,
        status: Number(status),
        answer: rest.split('\n\n').slice(1).join('\n\n').trim(),
      };
    });
}

test.skipIf(!hasVectors)('Core’s recorded exchanges go the same way here', async () => {
  const { post } = await plantAsked();
  let held = 0;
  for (const { body, status, answer: theirs } of exchanges()) {
    if (Object.keys(otherwise).some((method) => body.includes(method))) continue;
    const ours = await post(body);
    expect({ body, status: ours.status }).toEqual({ body, status });
    expect(shape(ours.body ?? '', body)).toEqual(shape(theirs, body));
    held++;
  }
  expect(held).toBe(21);
  tally(`${held} of Core's exchanges are the same, 3 of wallets left out`);
});

/** Results differ, for the chains do; of a help text the first line counts, the rest is ours. */
function shape(body: string, request: string): unknown {
  if (body === '') return undefined;
  const told = JSON.parse(body, (name, value) => {
    if (name === 'message') return value.split('\n\nReturns')[0];
    const isOfThisChain = name === 'result' && value !== null && !request.includes('"height":0');
    return isOfThisChain ? typeof value : value;
  });
  return told;
}
