/**
 * The contract of the boundary: what holds of every `Transport`, be it libp2p or the simulation.
 *
 * `dial` answers once the peer is ready; whoever told something that was rejected is hung up on.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GossipVerdict } from '../src/network/boundary.ts';
import { asking, refusing } from './network.requests.ts';
import { codeOf, Meeting, patterned, type World } from './transports.ts';

/** Runs the contract against what `makeWorld` makes, once for each test. */
export function transportContract(name: string, makeWorld: () => Promise<World>): void {
  describe(name, () => {
    const meeting = new Meeting();
    beforeEach(() => meeting.open(makeWorld()));
    afterEach(() => meeting.close());
    connecting(meeting);
    parting(meeting);
    asking(meeting);
    refusing(meeting);
    telling(meeting);
    recording(meeting);
  });
}

/** Coming and going. */
function connecting(meeting: Meeting): void {
  const until = <T>(settled: Promise<T>) => meeting.until(settled);

  test('two that connect are ready to one another once, and know who called', async () => {
    const [one, two] = await meeting.pair();
    expect(one.states).toEqual([{ peer: two.transport.id, state: 'ready' }]);
    expect(two.states).toEqual([{ peer: one.transport.id, state: 'ready' }]);
    expect(one.transport.peers()).toMatchObject([{ id: two.transport.id, isInbound: false }]);
    expect(two.transport.peers()).toMatchObject([{ id: one.transport.id, isInbound: true }]);
  });

  test('a peer that is dialled again stays the one connection that it was', async () => {
    const [one, two] = await meeting.pair();
    expect(await until(one.dial(two))).toBe(two.transport.id);
    expect(one.statesOf(two)).toEqual(['ready']);
    expect(one.transport.peers()).toHaveLength(1);
  });

  test('whoever is hung up on is gone on both sides, once, and may come back', async () => {
    const [one, two] = await meeting.pair();
    await until(one.transport.hangUp(two.transport.id));
    await until(one.sees(() => one.statesOf(two).includes('gone')));
    await until(two.sees(() => two.statesOf(one).includes('gone')));
    expect(one.transport.peers()).toEqual([]);
    expect(two.transport.peers()).toEqual([]);
    await meeting.connect(two, one);
    expect(one.statesOf(two)).toEqual(['ready', 'gone', 'ready']);
    expect(two.statesOf(one)).toEqual(['ready', 'gone', 'ready']);
  });
}

/** Who is kept out, and who leaves. */
function parting(meeting: Meeting): void {
  const until = <T>(settled: Promise<T>) => meeting.until(settled);

  test('a banned peer can neither come back nor be dialled, until it no longer is', async () => {
    const [one, two] = await meeting.pair();
    const { id } = one.transport;
    two.transport.setBanned((peer) => peer === id);
    await until(two.transport.hangUp(id));
    await until(one.sees(() => one.statesOf(two).includes('gone')));
    expect(await until(codeOf(one.dial(two)))).toBe('dial-failed');
    expect(await until(codeOf(two.dial(one)))).toBe('dial-failed');
    expect(one.statesOf(two)).toEqual(['ready', 'gone']);
    expect(two.statesOf(one)).toEqual(['ready', 'gone']);
    two.transport.setBanned(() => false);
    await meeting.connect(one, two);
  });

  test('nodes of different networks never become ready to one another', async () => {
    const one = await meeting.member();
    const other = await meeting.member('other');
    expect(await until(codeOf(one.dial(other)))).toBe('dial-failed');
    expect(await until(codeOf(other.dial(one)))).toBe('dial-failed');
    expect([...one.states, ...other.states]).toEqual([]);
    expect(one.transport.peers()).toEqual([]);
  });

  test('an address where nobody listens is `dial-failed`', async () => {
    const one = await meeting.member();
    const two = await meeting.member();
    const [address = ''] = two.transport.addresses();
    await until(two.transport.stop());
    expect(await until(codeOf(one.transport.dial(address, { timeoutMs: 10_000 })))).toBe(
      'dial-failed',
    );
    expect(await until(codeOf(one.transport.dial('nowhere', { timeoutMs: 10 })))).toBe(
      'dial-failed',
    );
  });

  test('whoever stops is gone to everybody, and everybody to it', async () => {
    const [one, two] = await meeting.pair();
    await until(two.transport.stop());
    await until(one.sees(() => one.statesOf(two).includes('gone')));
    expect(two.statesOf(one)).toEqual(['ready', 'gone']);
    expect(two.transport.peers()).toEqual([]);
  });
}

/** What is told to everybody. */
function telling(meeting: Meeting): void {
  const until = <T>(settled: Promise<T>) => meeting.until(settled);

  test('what is told is heard on its topic, from whom it came, not by who told it', async () => {
    const [one, two] = await meeting.pair();
    await until(one.tell('a block', 'block'));
    await until(two.hears('a block'));
    await until(two.tell('a payment', 'tx'));
    await until(one.hears('a payment'));
    expect(two.heard).toEqual([{ topic: 'block', from: one.transport.id, text: 'a block' }]);
    expect(one.heard).toEqual([{ topic: 'tx', from: two.transport.id, text: 'a payment' }]);
  });

  test('a message told twice is heard once', async () => {
    const [one, two] = await meeting.pair();
    await until(one.tell('again'));
    await until(one.tell('again'));
    await until(one.tell('last'));
    await until(two.hears('last'));
    expect(two.texts()).toEqual(['again', 'last']);
  });

  test('a message is passed on only after it was accepted', async () => {
    const [one, two, three] = await meeting.row();
    const { promise: verdict, resolve } = Promise.withResolvers<GossipVerdict>();
    two.judge = (text) => (text === 'slow' ? verdict : Promise.resolve('accept'));
    await until(one.tell('slow'));
    await until(two.hears('slow'));
    await until(one.tell('quick'));
    await until(three.hears('quick'));
    expect(three.texts()).toEqual(['quick']);
    resolve('accept');
    await until(three.hears('slow'));
    expect(three.heard.map(({ from }) => from)).toEqual([two.transport.id, two.transport.id]);
  });

  test('a message that is ignored goes no further, and nobody is to blame', async () => {
    const [one, two, three] = await meeting.row();
    two.judge = async (text) => (text === 'ignored' ? 'ignore' : 'accept');
    await until(one.tell('ignored'));
    await until(two.hears('ignored'));
    await until(one.tell('next'));
    await until(three.hears('next'));
    expect(three.texts()).toEqual(['next']);
    expect(two.statesOf(one)).toEqual(['ready']);
  });

  test('a message that is rejected goes no further, and its sender is hung up on', async () => {
    const [one, two, three] = await meeting.row();
    two.judge = async () => 'reject';
    await until(one.tell('against the rules'));
    await until(two.sees(() => two.statesOf(one).includes('gone')));
    await until(one.sees(() => one.statesOf(two).includes('gone')));
    await until(two.tell('next'));
    await until(three.hears('next'));
    expect(three.texts()).toEqual(['next']);
    expect(two.statesOf(three)).toEqual(['ready']);
  });
}

/** Who says where it can be reached. */
function recording(meeting: Meeting): void {
  const until = <T>(settled: Promise<T>) => meeting.until(settled);

  test('a node says where it listens, in a record that anybody can open', async () => {
    const one = await meeting.member();
    const two = await meeting.member();
    const record = await until(one.transport.ownRecord());
    const opened = await until(two.transport.openRecord(record ?? Uint8Array.of()));
    expect(opened?.id).toBe(one.transport.id);
    expect(opened?.addresses.length).toBeGreaterThan(0);
  });

  test('the record of a peer is there once it is, and opens as its own', async () => {
    const [one, two] = await meeting.pair();
    const record = await until(one.transport.recordOf(two.transport.id));
    const opened = await until(one.transport.openRecord(record ?? Uint8Array.of()));
    expect(opened?.id).toBe(two.transport.id);
  });

  test('a record that was changed anywhere does not open, nor does anything else', async () => {
    const one = await meeting.member();
    const record = (await until(one.transport.ownRecord())) ?? Uint8Array.of();
    for (let at = 0; at < record.length; at++) {
      const changed = Uint8Array.from(record, (byte, i) => (i === at ? byte ^ 1 : byte));
      expect(await until(one.transport.openRecord(changed)), `byte ${at}`).toBeUndefined();
    }
    expect(await until(one.transport.openRecord(Uint8Array.of()))).toBeUndefined();
    expect(await until(one.transport.openRecord(patterned(2_000)))).toBeUndefined();
  });

  test('there is no record of a peer that was never there', async () => {
    const [one, two] = [await meeting.member(), await meeting.member()];
    expect(await until(one.transport.recordOf(two.transport.id))).toBeUndefined();
  });
}
