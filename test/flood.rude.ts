/**
 * Those who flood a node, each as fast as it lets them: with what is malformed, what is against the
 * rules, what is too much, and what never ends. Whoever is banned comes back by another name.
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Connection } from '@libp2p/interface';
import type { Topic } from '../src/network/boundary.ts';
import { protocolOf } from '../src/network/libp2prequest.ts';
import { maxQuestionBytes, maxRequestsFromPeer } from '../src/network/limits.ts';
import { BlocksQuestion, Locator, Status } from '../src/network/messages.ts';
import { Header, hashHeader } from '../src/primitives/block.ts';
import { encode, type Hash } from '../src/primitives/codec.ts';
import { Transaction } from '../src/primitives/transaction.ts';
import { grind, inputOf, outputTo } from './forge.ts';
import { grass, noon } from './grove.ts';
import { callAt, field, gossipOf, messageOf, rawStream } from './libp2p.rude.ts';
import { prefix, realTimers } from './libp2p.world.ts';

const pause = (ms: number) => new Promise<void>((resolve) => realTimers.after(ms, resolve));
const topicOf = (topic: Topic) => `${prefix}/${topic}/1`;
const genesis = hashHeader(grass.genesis.header);

const status = encode(Status, {
  ...{ genesis, tip: genesis, height: 0, work: 2n, time: noon, agent: new Uint8Array(0) },
});
const locator = encode(Locator, [genesis]);

/** A question, and the answer where there is one. */
async function ask(
  connection: Connection,
  method: keyof typeof maxQuestionBytes,
  bytes: Uint8Array,
) {
  const { stream, frames } = await rawStream(connection, protocolOf(prefix, method));
  await frames.write(bytes);
  await stream.close();
  return frames.read();
}

/** A payment of a coin that nobody knows, another one each time. */
function payment(): Uint8Array {
  const txid = randomBytes(32).toString('hex') as Hash;
  const inputs = [inputOf({ txid, index: 0 })];
  return encode(Transaction, { version: 2, inputs, outputs: [outputTo(1, 1n)], lockTime: 0 });
}

/** A header with work in it, on a block that nobody knows. */
function header(): Uint8Array {
  const parent = randomBytes(32).toString('hex') as Hash;
  const fields = { version: 2, merkleRoot: parent, time: noon, bits: 0x207f_ffff, nonce: 0 };
  return encode(Header, grind({ ...fields, parent }));
}

const several = <T>(count: number, make: (i: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i));

/** Says hello, and gossips what is made anew each time for as long as that is heard. */
function gossiping(make: () => readonly Uint8Array[], pauseMs: number): Rude {
  return async (connection, did) => {
    await ask(connection, 'status', status);
    const { stream, say } = await gossipOf(connection);
    while (connection.status === 'open' && stream.status === 'open') {
      await say(...make());
      did();
      await pause(pauseMs);
    }
  };
}

/** One life of somebody rude, from when he is connected; he tells of all that he did. */
type Rude = (connection: Connection, did: () => void) => Promise<void>;

export const rudeOnes: Readonly<Record<string, Rude>> = {
  'tells junk': gossiping(() => [messageOf(randomBytes(100))], 1),
  'tells junk of blocks': gossiping(
    () => [messageOf(randomBytes(80), { topic: topicOf('block') })],
    1,
  ),
  'gossips what nobody can read': gossiping(() => [randomBytes(1_000)], 1),
  'tells of payments without end': gossiping(() => several(100, () => messageOf(payment())), 5),
  'tells of payments in large frames': gossiping(
    () => [messageOf(payment()), field(15, new Uint8Array(1_000_000))],
    20,
  ),
  'tells of headers without end': gossiping(
    () => several(20, () => messageOf(header(), { topic: topicOf('block') })),
    10,
  ),
  'has heard of what nobody told': gossiping(() => {
    const ids = several(1_000, () => field(2, randomBytes(32)));
    const have = field(1, Buffer.concat([field(1, Buffer.from(topicOf('tx'))), ...ids]));
    const want = field(2, Buffer.concat(several(1_000, () => field(1, randomBytes(32)))));
    return [field(3, Buffer.concat([have, want]))];
  }, 50),
  'asks malformed questions': async (connection, did) => {
    await ask(connection, 'status', status);
    did();
    await ask(connection, 'headers', randomBytes(50));
    await pause(100);
  },
  'asks without end': async (connection, did) => {
    await ask(connection, 'status', status);
    const blocks = encode(BlocksQuestion, { form: 0, hashes: several(16, () => genesis) });
    const questions = [
      ...([
        ['headers', locator],
        ['blocks', blocks],
        ['status', status],
      ] as const),
      ...([
        ['mempool', Uint8Array.of(0)],
        ['peers', new Uint8Array(0)],
      ] as const),
    ];
    const askOn = async () => {
      while (connection.status === 'open') {
        for (const [method, bytes] of questions) {
          await ask(connection, method, bytes);
          did();
        }
      }
    };
    await Promise.all(several(maxRequestsFromPeer, askOn));
  },
  'asks and does not listen': async (connection, did) => {
    await ask(connection, 'status', status);
    while (connection.status === 'open') {
      const { stream, frames } = await rawStream(connection, protocolOf(prefix, 'headers'));
      stream.pause();
      await frames.write(locator);
      did();
      await pause(50);
    }
  },
  'opens streams and says nothing': async (connection, did) => {
    await Promise.allSettled(
      several(200, async (i) => {
        const { stream } = await rawStream(connection, protocolOf(prefix, 'blocks'));
        if (i % 2 === 0) stream.send(Uint8Array.of(maxQuestionBytes.blocks & 127));
        did();
      }),
    );
    await pause(3_000);
  },
};

/** Comes again and again until the process ends; what is done to him he does not mind. */
export async function beRude(address: string, rude: Rude, did: () => void): Promise<never> {
  for (;;) {
    await pause(200);
    const come = callAt(address, { isListening: true }).then(async ({ connection, stop }) => {
      await rude(connection, did).finally(stop);
    });
    await come.catch(() => {});
  }
}

/** Opens sockets, on some of which something is said that means nothing. */
export async function openSockets(address: string): Promise<never> {
  const [, , host = '', , port = ''] = address.split('/');
  for (;;) {
    const sockets = several(20, () => connect(Number(port), host).on('error', () => {}));
    for (const socket of sockets.slice(0, 10)) socket.write(randomBytes(500));
    await pause(2_000);
    for (const socket of sockets) socket.destroy();
  }
}
