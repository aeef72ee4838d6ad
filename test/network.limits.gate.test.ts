/** The gate: how many connections there are at once, of all, of one address and of one peer. */
import type { MultiaddrConnection } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { expect, test } from 'vitest';
import { Gate } from '../src/network/libp2pgate.ts';
import { keyOf } from '../src/network/libp2phost.ts';
import {
  maxConnectionsToPeer,
  maxInbound,
  maxInboundPerAddress,
  maxPeers,
} from '../src/network/limits.ts';
import { patterned } from './transports.ts';

/** As much of a connection as a gate looks at. */
class Wire extends EventTarget {
  readonly remoteAddr;
  status = 'open';
  readonly send = () => true;

  constructor(address: string) {
    super();
    this.remoteAddr = multiaddr(address);
  }

  close(): void {
    this.status = 'closed';
    this.dispatchEvent(new Event('close'));
  }

  asOne(): MultiaddrConnection {
    return this as unknown as MultiaddrConnection;
  }
}

const peers = await Promise.all(
  Array.from({ length: maxPeers + 1 }, async (_, i) =>
    peerIdFromPrivateKey(await keyOf(patterned(32 + i).subarray(i))),
  ),
);

/** A place with a gate, where peer after peer comes or is called. */
class Door {
  readonly gate = new Gate();
  #next = 0;

  /** Somebody knocks: the wire, where he is not sent away. */
  knock(address: string): Wire | undefined {
    const wire = new Wire(address);
    return this.gate.gater.denyInboundConnection?.(wire.asOne()) ? undefined : wire;
  }

  /** He shows that he is this peer, or one after the other. */
  enter(wire: Wire, peer = this.#next++): boolean {
    const id = peers[peer % peers.length];
    if (!id) throw new Error('no peer');
    return !this.gate.gater.denyInboundUpgradedConnection?.(id, wire.asOne());
  }

  come(address: string, peer?: number): Wire | undefined {
    const wire = this.knock(address);
    return wire && this.enter(wire, peer) ? wire : undefined;
  }

  call(address: string, peer = this.#next++): Wire | undefined {
    const id = peers[peer % peers.length];
    if (!id) throw new Error('no peer');
    const wire = new Wire(address);
    if (this.gate.gater.denyDialMultiaddr?.(wire.remoteAddr)) return undefined;
    const isDenied = this.gate.gater.denyOutboundUpgradedConnection?.(id, wire.asOne());
    return isDenied ? undefined : wire;
  }
}

const there = (wires: readonly (Wire | undefined)[]) => wires.filter((wire) => wire).length;
const times = <T>(count: number, make: (i: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i));

test('one address takes only so many places, and gets one again when one leaves', () => {
  const door = new Door();
  const come = () => door.come('/ip4/8.8.8.8/tcp/1');
  const wires = times(maxInboundPerAddress, come);
  expect(there(wires)).toBe(maxInboundPerAddress);
  expect(come()).toBeUndefined();
  wires[0]?.close();
  expect(come()).toBeDefined();
});

test('who only knocks counts for his address, and takes nobody else a place', () => {
  const door = new Door();
  const knock = () => door.knock('/ip4/8.8.8.8/tcp/1');
  const knocks = times(maxInboundPerAddress, knock);
  expect(there(knocks)).toBe(maxInboundPerAddress);
  expect(knock()).toBeUndefined();
  const others = times(maxInbound, (i) => door.come(`/ip4/9.9.9.${i}/tcp/1`));
  expect(there(others)).toBe(maxInbound);
  knocks[0]?.close();
  others[0]?.close();
  expect(knock()).toBeDefined();
});

test('a classroom behind one machine is no crowd, but strangers do not get all places', () => {
  const door = new Door();
  const wires = times(maxInbound, () => door.come('/ip4/127.0.0.1/tcp/1'));
  expect(there(wires)).toBe(maxInbound);
  expect(door.come('/ip4/9.9.9.9/tcp/1')).toBeUndefined();
  expect(door.call('/ip4/9.9.9.9/tcp/1')).toBeDefined();
});

test('many who knock at once do not all find the last place free', () => {
  const door = new Door();
  const knocks = times(maxInbound + 1, () => door.knock('/ip4/127.0.0.1/tcp/1'));
  expect(there(knocks)).toBe(maxInbound + 1);
  const entered = knocks.map((wire) => wire !== undefined && door.enter(wire));
  expect(entered.indexOf(false)).toBe(maxInbound);
});

test('there are only so many connections in all, though we made them ourselves', () => {
  const door = new Door();
  const wires = times(maxPeers, (i) => door.call(`/ip4/9.9.9.${i}/tcp/1`));
  expect(there(wires)).toBe(maxPeers);
  expect(door.call('/ip4/9.9.9.200/tcp/1')).toBeUndefined();
  // Nobody is even called.
  const { denyDialMultiaddr } = door.gate.gater;
  expect(denyDialMultiaddr?.(multiaddr('/ip4/9.9.9.200/tcp/1'))).toBe(true);
  expect(door.come('/ip4/9.9.9.200/tcp/1')).toBeUndefined();
  wires[0]?.close();
  expect(door.call('/ip4/9.9.9.200/tcp/1')).toBeDefined();
});

test('of calls that were made at once only so many lead to a connection', () => {
  const door = new Door();
  const wires = times(maxPeers - 1, (i) => door.call(`/ip4/9.9.9.${i}/tcp/1`));
  const { denyDialMultiaddr, denyOutboundUpgradedConnection } = door.gate.gater;
  const [one, two] = [new Wire('/ip4/8.8.8.8/tcp/1'), new Wire('/ip4/8.8.4.4/tcp/1')];
  const dialled = [one, two].map(({ remoteAddr }) => denyDialMultiaddr?.(remoteAddr));
  expect([there(wires), ...dialled]).toEqual([maxPeers - 1, false, false]);
  const made = [one, two].map((wire, i) => {
    const id = peers[maxPeers - 1 + i];
    return id && denyOutboundUpgradedConnection?.(id, wire.asOne());
  });
  expect(made).toEqual([false, true]);
});

test('to one peer there are two connections at most, whoever made them', () => {
  const door = new Door();
  const here = '/ip4/127.0.0.1/tcp/1';
  const wires = [door.come(here, 7), door.call(here, 7)];
  expect(there(wires)).toBe(maxConnectionsToPeer);
  expect([door.come(here, 7), door.call(here, 7)]).toEqual([undefined, undefined]);
  expect(door.come(here, 8)).toBeDefined();
  wires[0]?.close();
  expect(door.come(here, 7)).toBeDefined();
});

test('whoever has left before his turn takes no place', () => {
  const door = new Door();
  for (let i = 0; i <= maxPeers; i++) {
    const wire = door.knock('/ip4/127.0.0.1/tcp/1');
    wire?.close();
    expect(wire && door.enter(wire)).toBe(false);
  }
  expect(door.come('/ip4/127.0.0.1/tcp/1')).toBeDefined();
});
