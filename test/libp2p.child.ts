/** Two transports that meet, ask, tell and stop; then nothing keeps this process from ending. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Tell } from '../src/network/wire.ts';
import { openHere, realTimers } from './libp2p.world.ts';
import { Member } from './transports.ts';

const tell: Tell = (level, message) => {
  if (level === 'warn') process.stdout.write(`${message}; `);
};
const listen = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'];
const [one, two] = [
  new Member(await openHere({ isOnLan: true, tell, listen })),
  new Member(await openHere({ isOnLan: true, tell })),
];
await one.start();
await two.start();
await one.dial(two);
await one.ask(two);
await one.tell('something');
// Strangers who come and say nothing.
for (const address of one.transport.addresses()) {
  const [, , host, , port] = address.split('/');
  await once(connect(Number(port), host), 'connect');
}
const before = realTimers.nowMs();
await Promise.all([one.transport.stop(), two.transport.stop()]);
const tookMs = realTimers.nowMs() - before;
process.stdout.write(`stopped ${tookMs < 1000 ? 'in time' : `in ${tookMs} ms`}`);
