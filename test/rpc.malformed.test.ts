/**
 * Two thousand requests that nobody should send, drawn from a seed, to a server in this process:
 * each gets a proper answer, none of them finds a bug, and the node answers rightly afterwards.
 */

import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { bytesToHex } from '@noble/hashes/utils.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpServer, listen } from '../src/cli/httpserver.ts';
import { hashHeader } from '../src/primitives/block.ts';
import { encode } from '../src/primitives/codec.ts';
import { Transaction, txid } from '../src/primitives/transaction.ts';
import { answer } from '../src/rpc/protocol.ts';
import { pay } from './forge.ts';
import { type Asked, plantAsked } from './rpc.ts';

const credentials = '__cookie__:secret';
const authorization = `Basic ${btoa(credentials)}`;
const agent = new Agent({ keepAlive: true });
/** Longer than any answer takes: a request that hangs fails its test by name. */
const deadlineMs = 5_000;

let asked: Asked;
let server: HttpServer;
/** Every method with the types of its parameters, as its help names them. */
let methods: readonly { readonly name: string; readonly types: readonly string[] }[];
/** Texts of JSON that mean something to the node. */
let known: readonly string[];
beforeAll(async () => {
  asked = await plantAsked();
  const { grove } = asked;
  for (const name of ['a1', 'a2', 'a3']) await grove.mine(name);
  await grove.mine('b1', { on: 'genesis' });
  const waiting = pay([grove.minted('a1')]);
  await grove.pay(waiting);
  server = await listen({
    port: 0,
    keys: { cookie: credentials },
    routes: [
      {
        method: 'POST',
        path: '/',
        admits: 'owner',
        answer: ({ body }) => answer(body, asked.calls),
      },
    ],
    complain: (error) => {
      throw error;
    },
  });
  known = [
    JSON.stringify(hashHeader(grove.block('a2').header)),
    JSON.stringify(hashHeader(grove.block('b1').header)),
    JSON.stringify(txid(waiting)),
    JSON.stringify(bytesToHex(encode(Transaction, waiting))),
    `[{"txid":"${txid(waiting)}","vout":0}]`,
    '"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"',
  ];
  const index = String(await asked.call('help'));
  // What waits for a block or mines until it is told to stop does so rightly.
  const names = [...index.matchAll(/^(?!waitfor|generate)[a-z]+/gm)].map(([name]) => name);
  methods = await Promise.all(
    names.map(async (name) => {
      const help = String(await asked.call('help', name));
      const types = [...help.matchAll(/^\d\. [a-z0-9_]+ +\(([a-z ]+),/gm)];
      return { name, types: types.map(([, type = '']) => type) };
    }),
  );
});
afterAll(async () => {
  agent.destroy();
  await server.close(0);
});

/** Numbers from 0 on below `below`, always the same ones: a generator of Lehmer's. */
let state = 20_260_101;
function draw(below: number): number {
  state = (state * 48_271) % 0x7fff_ffff;
  return state % below;
}
const pick = <T>(from: readonly [T, ...T[]] | readonly T[]): T => from[draw(from.length)] as T;

/** Texts of JSON that mean nothing, or too much, by their types. */
const odd: Readonly<Record<string, readonly string[]>> = {
  'json array': [
    ...['[]', '[null]', '[[]]', '[{}]', '["x"]', '["00"]', '[0]', '[1e999]', '[["a"],{}]'],
    ...[`["${'0'.repeat(64)}"]`, '[{"txid":"","vout":-1}]', '[{"txid":7}]', '[{"data":"00"},{}]'],
  ],
  'json object': [
    ...['{}', '{"":{}}', '{"__proto__":1}', '{"constructor":"x"}', '{"txid":7,"vout":"x"}'],
    ...['{"mode":"proposal","data":"00"}', '{"mode":7}', '{"rules":"segwit"}', '{"rules":[7]}'],
    ...['{"data":[]}', '{"data":"00","x":1e400}', '{"toString":0.1}', '{"data":""}'],
  ],
  boolean: ['true', 'false'],
  numeric: [
    ...['0', '-1', '1', '2', '3', '1.5', '-0', '1e5', '1e-9', '1e999', '2147483647', '2147483648'],
    ...['-2147483648', '4294967295', '4294967296', '9007199254740993', '1e18', '-1e-400'],
    ...['9'.repeat(400), `0.${'1'.repeat(400)}`, '21000000.00000001', '9223372036854775808'],
  ],
  string: [
    ...['""', '"x"', '"00"', '"ff"', '"0"', '"-1"', '"null"', '"\\u0000"', '"\\ud800"', '"💥"'],
    ...[`"${'0'.repeat(64)}"`, `"${'f'.repeat(64)}"`, `"${'g'.repeat(64)}"`, '"toString"'],
    ...[`"${'ab'.repeat(999)}"`, '"add"', '"remove"', '"all"', '"none"', '"1.2.3.4/0"', '"::/0"'],
    ...['"01000000000000000000"', '"ffffffffffffffffffff"', `"${'00'.repeat(80)}"`, '"1e-8"'],
  ],
  null: ['null'],
};
const all = Object.values(odd).flat();

/** Most often of this type. */
function drawValue(type = ''): string {
  if (draw(5) === 0) return pick(known);
  if (draw(5) > 0) return pick(odd[type] ?? all);
  if (draw(3) > 0) return pick(all);
  return draw(2) === 0 ? `[${drawValue()},${drawValue()}]` : `{"a":${drawValue()}}`;
}

/** A method with parameters of any kind, sometimes one too few or too many, or by any name. */
function drawCall(): string {
  const { name, types } = pick(methods);
  const count = draw(4) > 0 ? types.length : draw(types.length + 2);
  const params = Array.from({ length: count }, (_, i) => drawValue(types[i]));
  const isNamed = draw(8) === 0;
  const given = isNamed
    ? `{${params.map((each, i) => `"${pick(['args', 'verbose', 'txid', `x${i}`])}":${each}`)}}`
    : `[${params}]`;
  return `{"jsonrpc":"2.0","id":1,"method":"${name}","params":${given}}`;
}

/** An envelope with fields of any kind. */
function drawEnvelope(): string {
  const fields = ['jsonrpc', 'id', 'method', 'params', 'x'].filter(() => draw(4) > 0);
  const method = () => JSON.stringify(pick(methods).name);
  const told = fields.map((each) => {
    const isRight = draw(2) === 0;
    return `"${each}":${each === 'method' && isRight ? method() : drawValue()}`;
  });
  const one = `{${told}}`;
  return draw(3) === 0 ? `[${one},${drawValue()},${drawCall()}]` : one;
}

/** A call with some letters lost, doubled or put in. */
function drawBroken(): string {
  let text = drawCall();
  for (let i = 1 + draw(4); i > 0; i--) {
    const at = draw(text.length);
    const put = pick(['', '"', '{', ']', ',', '\\', '\u0000', '💥', text.slice(at, at + draw(40))]);
    text = text.slice(0, at) + put + text.slice(at + draw(3));
  }
  return draw(4) === 0 ? text.slice(0, draw(text.length)) : text;
}

function drawDeep(): string {
  const [open, close] = pick([
    ['[', ']'],
    ['{"a":', '}'],
    ['{"method":"help","params":[', ']}'],
  ] as const);
  const depth = pick([10, 1_000, 5_000, 100_000]);
  return open.repeat(depth) + (draw(2) === 0 ? close.repeat(depth) : '');
}

function drawBytes(): Uint8Array {
  return Uint8Array.from({ length: draw(300) }, () => draw(256));
}

interface Heard {
  readonly status: number;
  readonly text: string;
}

function post(body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Heard> {
  const { promise, resolve, reject } = Promise.withResolvers<Heard>();
  const signal = AbortSignal.timeout(deadlineMs);
  const told = { authorization, ...headers };
  const options = { port: server.port, host: '127.0.0.1', method: 'POST', headers: told };
  const sent = request({ ...options, agent, signal }, (response) => {
    let text = '';
    response.on('data', (part) => {
      text += part;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

const statuses = new Set([200, 204, 400, 401, 403, 404, 405, 408, 411, 413, 415, 417, 431, 500]);

/** An answer of HTTP that is none of a bug: a result, or an error with another code than -32603. */
function expectProper({ status, text }: Heard, body: string): void {
  const told = `${status} ${text.slice(0, 300)} to ${body.slice(0, 300)}`;
  expect(statuses.has(status), told).toBe(true);
  const parsed: unknown = status === 204 ? [] : JSON.parse(text);
  const answers = Array.isArray(parsed) ? parsed : [parsed];
  for (const each of answers) {
    const isError = each.error !== undefined && each.error !== null;
    if (!isError) expect('result' in each, told).toBe(true);
    else {
      expect(Number.isInteger(each.error.code), told).toBe(true);
      expect(each.error.message, told).toMatch(/./);
      expect(each.error.code, told).not.toBe(-32_603);
    }
  }
}

afterAll(async () => {
  // Nothing of all that has changed the chain.
  expect(await asked.call('getblockcount')).toBe(3);
});

async function expectSane(): Promise<void> {
  const { text } = await post('{"method":"getblockhash","params":[2],"id":1}');
  const hash = hashHeader(asked.grove.block('a2').header);
  expect(JSON.parse(text)).toEqual({ result: hash, error: null, id: 1 });
}

const kinds: readonly (readonly [string, number, () => string | Uint8Array])[] = [
  ['parameters of the wrong types', 1_000, drawCall],
  ['envelopes of the wrong shape', 300, drawEnvelope],
  ['JSON with letters lost or put in', 350, drawBroken],
  ['nesting without end', 30, drawDeep],
  ['bytes that are no text', 200, drawBytes],
];

describe('a node is not harmed by', () => {
  test.each(kinds)('%s, %i times', async (_what, count, make) => {
    for (let i = 0; i < count; i++) {
      const body = make();
      const text = typeof body === 'string' ? body : bytesToHex(body);
      const heard = await post(body).catch((error: unknown) => {
        throw new Error(`no answer to ${text.slice(0, 300)}`, { cause: error });
      });
      expectProper(heard, text);
      if (i % 100 === 0) await expectSane();
    }
    await expectSane();
  });

  test('headers that are odd, 70 times', async () => {
    const names = ['content-type', 'content-length', 'transfer-encoding', 'expect', 'accept', 'te'];
    const values = ['x', '', '-1', '1e9', '99999999999', 'chunked', 'gzip', 'x'.repeat(9_000)];
    const body = '{"method":"getblockcount"}';
    for (let i = 0; i < 70; i++) {
      const lines = Array.from({ length: 1 + draw(3) }, () => `${pick(names)}: ${pick(values)}`);
      const isLetIn = draw(4) > 0;
      const own = isLetIn
        ? [`host: 127.0.0.1:${server.port}`, `authorization: ${authorization}`]
        : [];
      const head = ['POST / HTTP/1.1', ...own, ...lines];
      const text = `${head.join('\r\n')}\r\n\r\n${body}`;
      expect(await raw(text), text.slice(0, 300)).toMatch(/^(HTTP\/1\.1 [2-5]\d\d |$)/);
    }
    await expectSane();
  });

  test('bodies that end too early, 50 times', async () => {
    const body = '{"method":"getblockcount"}';
    for (let i = 0; i < 50; i++) {
      const head = `host: 127.0.0.1:${server.port}\r\nauthorization: ${authorization}`;
      const length = body.length + 1 + draw(1_000);
      const text = `POST / HTTP/1.1\r\n${head}\r\ncontent-length: ${length}\r\n\r\n${body}`;
      expect(await raw(text)).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
    }
    await expectSane();
  });
});

/** Sends this and no more, and answers all that comes back until the other side hangs up. */
async function raw(text: string): Promise<string> {
  const socket = connect({ port: server.port, host: '127.0.0.1' });
  const signal = AbortSignal.timeout(deadlineMs);
  let said = '';
  socket.on('data', (part) => {
    said += part;
  });
  // That it is hung up on is one of the answers.
  socket.on('error', () => {});
  socket.end(text);
  await new Promise((resolve, reject) => {
    socket.on('close', resolve);
    signal.addEventListener('abort', () => reject(new Error(`hangs: ${text.slice(0, 300)}`)));
  });
  return said;
}
