/** A full disk: the real program where a file may not grow beyond a limit, and what it leaves. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { demandDigest } from '../src/chain/missing.ts';
import { openNode } from '../src/cli/opennode.ts';
import { regtest } from '../src/consensus/params.ts';
import type { Hash } from '../src/primitives/codec.ts';

const launcher = join(import.meta.dirname, '../scripts/chain.js');
const deadlineMs = 120_000;

/** What the program said, and how it ended. */
export interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | undefined;
}

/** Types a command on regtest; with a limit no file may be larger than so many KiB. */
export function type(words: readonly string[], datadir: string, limitKib?: number): Promise<Said> {
  const limit = limitKib === undefined ? '' : `trap '' XFSZ; ulimit -f ${limitKib};`;
  const script = `${limit} exec "$0" "$@"`;
  const mine = Object.entries(process.env).filter(([name]) => !name.startsWith('CHAIN_'));
  const env = { ...Object.fromEntries(mine), CHAIN_NETWORK: 'regtest', CHAIN_DATADIR: datadir };
  const options = { env, timeout: deadlineMs };
  return new Promise((resolve) => {
    const shell = ['-c', script, process.execPath, launcher, ...words];
    const child = execFile('bash', shell, options, (_, stdout, stderr) => {
      resolve({ stdout, stderr, code: child.exitCode ?? undefined });
    });
    child.stdin?.end();
  });
}

/** The lines that are nothing but a hash: of a block that was mined, or of a payment. */
export function hashesIn({ stdout }: Said): readonly Hash[] {
  return stdout.split('\n').filter((line) => /^[0-9a-f]{64}$/.test(line)) as Hash[];
}

/** What is wrong with a command that was refused for want of room; nothing where all is well. */
export function wrongWith({ stderr, code }: Said): string | undefined {
  const isRefusal = code === 1 && /^error: disk-full: [^\n]+\n$/.test(stderr);
  return isRefusal ? undefined : `ended with ${code} and ${stderr}`;
}

/** What is lost or torn of a folder in which all of this was acknowledged. */
export async function lossesOf(
  datadir: string,
  { blocks, payments }: { readonly blocks: readonly Hash[]; readonly payments: readonly Hash[] },
): Promise<readonly string[]> {
  const { node, close } = await openNode(join(datadir, 'regtest'), { params: regtest });
  try {
    const { store, guard } = node.chain;
    const lost: string[] = [];
    for (const hash of blocks) {
      const entry = await store.entry(hash);
      if (!entry || (await store.hashAt(entry.height)) !== hash) lost.push(`block ${hash}`);
      else await store.block(entry);
    }
    for (const txid of payments) {
      if (!node.mempool.get(txid) && !(await store.place(txid))) lost.push(`payment ${txid}`);
    }
    await demandDigest(store, guard);
    return lost;
  } finally {
    await close();
  }
}
