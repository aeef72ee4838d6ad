/** Two transports that meet, ask, tell and stop; then nothing keeps this process from ending. */
import { openHere, realTimers } from './libp2p.world.ts';
import { Member } from './transports.ts';

const [one, two] = [
  new Member(await openHere({ isOnLan: true })),
  new Member(await openHere({ isOnLan: true })),
];
await one.start();
await two.start();
await one.dial(two);
await one.ask(two);
await one.tell('something');
const before = realTimers.nowMs();
await Promise.all([one.transport.stop(), two.transport.stop()]);
const tookMs = realTimers.nowMs() - before;
process.stdout.write(`stopped ${tookMs < 1000 ? 'in time' : `in ${tookMs} ms`}`);
