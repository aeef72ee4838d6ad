/** How fast are headers taken: decoded, judged by all rules for headers, and put into the tree? */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { now } from '../../src/cli/machine.ts';
import { HeaderTree } from '../../src/network/headers.ts';
import { maxHeaders } from '../../src/network/limits.ts';
import { Headers } from '../../src/network/messages.ts';
import { Header, hashHeader } from '../../src/primitives/block.ts';
import { decode, encode } from '../../src/primitives/codec.ts';
import { sha256d } from '../../src/primitives/hash.ts';
import { type Benchmark, repeated, wholeProcess } from './harness.ts';
import { easyNetwork, mine, openSite } from './site.ts';

/** As many answers of headers, one on the other. */
const answers = 10;
const spacingSeconds = 15;

export async function headers(): Promise<readonly Benchmark[]> {
  const folder = mkdtempSync(join(tmpdir(), 'chain-headers-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const params = easyNetwork(now() - spacingSeconds * maxHeaders * answers);
  const { chain } = await openSite(folder, { params });
  const row = growHeaders(params.genesis.header);
  const told = row.map((each) => encode(Headers, each));
  const bytes = row.flat().map((each) => encode(Header, each));
  const judge = async () => {
    const tree = new HeaderTree();
    const view = chain.view();
    for (const each of told) {
      const options = { now: now(), params };
      const { entries, wrong } = await tree.judge(decode(Headers, each), view, options);
      if (wrong) throw new Error(`a header was refused: ${wrong.reason}`);
      for (const entry of entries) tree.add(entry);
    }
    await view.close();
    return bytes.length;
  };
  const hashAll = () => {
    for (const each of bytes) sha256d(each);
    return bytes.length;
  };
  return [
    {
      name: 'headers',
      unit: 'headers',
      reference: 'hashed by @noble/hashes',
      contenders: [
        { name: 'hashed by @noble/hashes', turn: repeated(hashAll) },
        { name: 'checked and indexed', turn: () => wholeProcess(judge) },
      ],
    },
  ];
}

/** So many answers of headers, each on the one before. */
function growHeaders(genesis: Header): readonly (readonly Header[])[] {
  let last = genesis;
  const next = () => {
    const header = { ...last, parent: hashHeader(last), time: last.time + spacingSeconds };
    last = { ...header, nonce: mine(header) };
    return last;
  };
  return Array.from({ length: answers }, () => Array.from({ length: maxHeaders }, next));
}
