/** Real transports on this machine, for tests: as many as are asked for, each on a free port. */
import { randomBytes } from 'node:crypto';
import type { Timers, Transport } from '../src/network/boundary.ts';
import { type Libp2pOptions, openLibp2p } from '../src/network/libp2p.ts';
import { identityBytes } from '../src/network/libp2phost.ts';
import type { World } from './transports.ts';

/** The time of this machine. */
export const realTimers: Timers = {
  nowMs: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** How long a test waits for what it expects. */
const patienceMs = 15_000;

const genesis = { ours: `${'0'.repeat(48)}${'a'.repeat(16)}`, other: 'b'.repeat(64) };

/** What the names of protocols and topics begin with here. */
export const prefix = `/chain/${genesis.ours.slice(-16)}`;

/** Opens one that listens on a free port of this machine. */
export function openHere(options: Partial<Libp2pOptions> = {}): Promise<Transport> {
  return openLibp2p({
    genesis: genesis.ours,
    identity: randomBytes(identityBytes),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    isOnLan: false,
    timers: realTimers,
    tell: () => {},
    ...options,
  });
}

/** Settled as this is, or refused when it takes too long. */
export async function within<T>(settled: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const callOff = realTimers.after(patienceMs, () => reject(new Error('nothing happened')));
  try {
    return await Promise.race([settled, late]);
  } finally {
    callOff();
  }
}

/** A world of them. */
export async function makeRealWorld(options: Partial<Libp2pOptions> = {}): Promise<World> {
  const opened: Transport[] = [];
  return {
    open: async (network) => {
      const transport = await openHere({ ...options, genesis: genesis[network] });
      opened.push(transport);
      return transport;
    },
    until: within,
    close: async () => {
      await Promise.all(opened.map((transport) => transport.stop()));
    },
  };
}
