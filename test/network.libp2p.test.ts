/** libp2p as the transport: it keeps the contract, and what else it promises. */
import { makeRealWorld } from './libp2p.world.ts';
import { transportContract } from './network.contract.ts';

transportContract('libp2p', () => makeRealWorld());
