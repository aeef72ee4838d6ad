/**
 * Runs benchmarks, one after the other, and says what each contender is worth.
 *
 *   npm run bench                             all of them
 *   npm run bench -- signatures headers       some
 *   npm run bench -- --json before.json       keeps the figures
 *   npm run bench -- --compare before.json    and says how each ratio has changed since
 *
 * Nothing else should run on the machine meanwhile.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Benchmark, compare, measure, type Result, tell } from './harness.ts';

/** By their names; each is loaded when it is run. */
const benchmarks: Readonly<Record<string, () => Promise<readonly Benchmark[]>>> = {
  mining: async () => (await import('./mining.ts')).mining(),
  hashing: async () => (await import('./hashing.ts')).hashing(),
  signatures: async () => (await import('./signatures.ts')).signatures(),
  headers: async () => (await import('./headers.ts')).headers(),
  mempool: async () => (await import('./mempool.ts')).mempool(),
  connect: async () => (await import('./connect.ts')).connect(),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, compare: { type: 'string' } },
});
const names = positionals.length > 0 ? positionals : Object.keys(benchmarks);
const unknown = names.find((name) => !benchmarks[name]);
if (unknown !== undefined) {
  const known = Object.keys(benchmarks).join(', ');
  throw new Error(`there is no benchmark '${unknown}', but ${known}`);
}
const results: Result[] = [];
for (const name of names) {
  for (const each of (await benchmarks[name]?.()) ?? []) {
    const result = await measure(each);
    results.push(result);
    console.log(`${tell(result)}\n`);
  }
}
if (values.compare !== undefined) {
  console.log(compare(JSON.parse(readFileSync(values.compare, 'utf8')).results, results));
}
if (values.json !== undefined) {
  const machine = { node: process.versions.node, cpu: cpus()[0]?.model, cores: cpus().length };
  writeFileSync(values.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
}
