/** The simulated network: it keeps the contract, and its weather and walls are what they say. */
import { Chance } from '../src/lab/chance.ts';
import { VirtualClock } from '../src/lab/clock.ts';
import { SimNet } from '../src/lab/simnet.ts';
import { transportContract } from './network.contract.ts';
import { settle } from './settle.ts';

transportContract('the simulated network', async () => {
  const clock = new VirtualClock(settle);
  const net = new SimNet({ clock, chance: new Chance('contract') });
  let count = 0;
  return {
    open: async (network) => net.join(`p${count++}`, { network }),
    until: (settled) => clock.finish(settled),
    close: async () => {},
  };
});
