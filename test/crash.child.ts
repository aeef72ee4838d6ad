/**
 * A node to be killed: a process that hands blocks to a node on disk and says what became of each.
 *
 * Its argument is a `Life` as JSON. It never ends by itself.
 */
import { readFileSync, writeSync } from 'node:fs';
import type { Database } from '../src/chain/database.ts';
import { hashHeader } from '../src/primitives/block.ts';
import type { Life } from './crash.ts';
import { openDisk } from './disk.ts';
import { readForest } from './forest.ts';
import { wordOf } from './grove.ts';

const life = JSON.parse(process.argv[2] ?? '{}') as Life;

/** At once and in whole, or the parent could miss a line that was said before the end. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

/** Dies just before or just after the batch that it shall not survive. */
function mortal(database: Database): Database {
  let batches = 0;
  const dieIf = (moment: 'before' | 'after') => {
    if (batches === life.batch && moment === life.when) process.kill(process.pid, 'SIGKILL');
  };
  return {
    get: (...asked) => database.get(...asked),
    getMany: (...asked) => database.getMany(...asked),
    iterator: (...asked) => database.iterator(...asked),
    snapshot: () => database.snapshot(),
    batch: async (...asked) => {
      batches++;
      dieIf('before');
      await database.batch(...asked);
      dieIf('after');
    },
  };
}

say('started');
const { node } = await openDisk(life.folder, mortal);
say('opened');
const { blocks } = readForest(readFileSync(life.forest));
for (const block of blocks) {
  say(`${wordOf(await node.submitBlock(block))} ${hashHeader(block.header)}`);
}
say('done');
process.stdin.resume();
