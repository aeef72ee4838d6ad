/**
 * Plants the fault that CHAIN_FAULT names into the source of this process; to be imported first:
 *
 *   CHAIN_FAULT=condemn-mutated node --import ./test/faulty.ts scripts/soak.ts
 *
 * A fault that is not known, or for which there is no place any more, ends it with an error.
 */
import { registerHooks } from 'node:module';
import { type Fault, faults, plant } from './faults.ts';

const name = process.env['CHAIN_FAULT'] ?? '';
const fault = new Map<string, Fault>(Object.entries(faults)).get(name);
if (!fault) throw new Error(`no fault is called '${name}', but ${Object.keys(faults).join(', ')}`);
const url = new URL(`../src/${fault.file}`, import.meta.url).href;
let isPlanted = false;

registerHooks({
  load: (asked, context, nextLoad) => {
    const loaded = nextLoad(asked, context);
    if (asked !== url) return loaded;
    isPlanted = true;
    return { ...loaded, source: plant(fault, String(loaded.source)) };
  },
});

process.on('exit', () => {
  if (isPlanted) return;
  process.stderr.write(`src/${fault.file} was never read: no fault was planted\n`);
  process.exitCode = 1;
});
