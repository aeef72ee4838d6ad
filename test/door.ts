/** The door to a grove, as commands have it. */
import { LocalDoor } from '../src/node/localdoor.ts';
import { type Grove, noon, verifyInline } from './grove.ts';

export function doorTo({ node }: Grove): LocalDoor {
  return new LocalDoor({
    node,
    submitBlock: (block) => node.submitBlock(block),
    submitPayment: (transaction) => node.submitPayment(transaction),
    mine: (script, signal) => node.mine(script, signal),
    now: () => noon,
    verifyAll: verifyInline,
    checkFiles: async () => {},
    engine: async () => 'noble',
  });
}
