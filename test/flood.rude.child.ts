/** All who are rude to one address, in a process that says, if asked, how much each did. */
import { beRude, openSockets, rudeOnes } from './flood.rude.ts';

const [, , address = ''] = process.argv;
const deeds: Record<string, number> = {};
process.on('message', () => process.send?.(deeds));
process.on('disconnect', () => process.exit());
const all = Object.entries(rudeOnes).map(([name, rude]) => {
  deeds[name] = 0;
  return beRude(address, rude, () => {
    deeds[name] = (deeds[name] ?? 0) + 1;
  });
});
await Promise.all([...all, openSockets(address)]);
