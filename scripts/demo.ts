/**
 * The demonstration: two wallets, mined blocks, a payment, and the chain printed.
 *
 * It runs the program as a person would, in a folder of its own that it removes at the end.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const datadir = mkdtempSync(join(tmpdir(), 'chain-demo-'));
const program = join(import.meta.dirname, 'chain.js');

/** Types a command, shows it and its answer, and stops the demonstration where it fails. */
function chain(...words: readonly string[]): void {
  const shown = words.map((word) => (word.includes(' ') ? `"${word}"` : word)).join(' ');
  process.stdout.write(`\n$ chain ${shown}\n`);
  const env = { ...process.env, CHAIN_DATADIR: datadir, CHAIN_NETWORK: 'main' };
  const { status } = spawnSync(process.execPath, [program, ...words], { stdio: 'inherit', env });
  if (status !== 0) throw new Error(`chain ${shown} ended with ${status}`);
}

try {
  chain('createwallet', '--label', 'alice');
  chain('createwallet', '--label', 'bob');
  // A minted coin can be spent once ten blocks stand on it.
  chain('mine', '--blocks', '10', '--to', 'alice');
  chain('send', '--from', 'alice', '--to', 'bob', '--amount', '1.25', '--memo', 'lunch', '--mine');
  chain('getbalance', 'bob');
  chain('printchain', '--limit', '2');
  chain('status');
} finally {
  rmSync(datadir, { recursive: true, force: true });
}
