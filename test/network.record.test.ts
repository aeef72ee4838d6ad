/** Signed records: of what a stranger may put into one. */
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { expect, test } from 'vitest';
import { identityBytes, keyOf } from '../src/network/libp2phost.ts';
import { openRecord, sealRecord } from '../src/network/libp2precord.ts';
import { patterned } from './transports.ts';

test('an address in a record leads to whom the record is about, whatever it says', async () => {
  const [key, other] = await Promise.all([
    keyOf(patterned(identityBytes)),
    keyOf(patterned(identityBytes).reverse()),
  ]);
  const [id, otherId] = [peerIdFromPrivateKey(key), peerIdFromPrivateKey(other)];
  const places = ['/ip4/8.8.8.8/tcp/1', `/ip4/8.8.8.8/tcp/2/p2p/${otherId}`];
  const record = await sealRecord(
    id,
    places.map((each) => multiaddr(each)),
    key,
  );
  expect(await openRecord(record ?? Uint8Array.of())).toEqual({
    id: `${id}`,
    addresses: [`/ip4/8.8.8.8/tcp/1/p2p/${id}`, `/ip4/8.8.8.8/tcp/2/p2p/${id}`],
  });
});

test('a record that is signed by another than whom it is about does not open', async () => {
  const [key, other] = await Promise.all([
    keyOf(patterned(identityBytes)),
    keyOf(patterned(identityBytes).reverse()),
  ]);
  const places = [multiaddr('/ip4/8.8.8.8/tcp/1')];
  const record = await sealRecord(peerIdFromPrivateKey(other), places, key);
  expect(record).toBeDefined();
  expect(await openRecord(record ?? Uint8Array.of())).toBeUndefined();
});
