/** How fast is one thread, by each way of trying nonces? */
import { createHash, hash as hashOnce } from 'node:crypto';
import { type Kernel, plainKernel, type Search } from '../../src/miner/kernel.ts';
import { wasmKernel } from '../../src/miner/wasmkernel.ts';
import { sha256d } from '../../src/primitives/hash.ts';
import { type Benchmark, repeated } from './harness.ts';

/** Nothing does: so every nonce is tried. */
export const inVain: Search = {
  header: Uint8Array.from({ length: 80 }, (_, i) => i * 7 + 3),
  target: new Uint8Array(32),
  firstNonce: 0,
  count: 10_000,
};

/** A miner as one writes it first: every nonce is put into the header, and the whole is hashed. */
function plainly(hash: (header: Uint8Array) => Uint8Array): Kernel['search'] {
  return ({ header, target, firstNonce, count }) => {
    const whole = Uint8Array.from(header);
    const field = new DataView(whole.buffer);
    for (let nonce = firstNonce; nonce < firstNonce + count; nonce++) {
      field.setUint32(76, nonce, true);
      // Nothing has a hash of zero: the first byte that differs ends the comparison.
      if ((hash(whole)[31] ?? 0) < (target[0] ?? 0)) return nonce;
    }
    return undefined;
  };
}

const cryptoTwice = (bytes: Uint8Array) =>
  createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest();
const cryptoOnce = (bytes: Uint8Array) =>
  hashOnce('sha256', hashOnce('sha256', bytes, 'buffer'), 'buffer');

const reference = 'noble, plainly';

export async function mining(): Promise<readonly Benchmark[]> {
  const wasm = (['one lane', 'four lanes', 'four lanes and one'] as const).map(wasmKernel);
  const kernels: readonly Pick<Kernel, 'name' | 'search'>[] = [
    { name: reference, search: plainly(sha256d) },
    { name: 'node:crypto, createHash', search: plainly(cryptoTwice) },
    { name: 'node:crypto, hash', search: plainly(cryptoOnce) },
    { ...plainKernel, name: 'our plain kernel' },
    ...wasm,
  ];
  const contenders = kernels.map(({ name, search }) => ({
    name,
    turn: repeated(() => {
      search(inVain);
      return inVain.count;
    }),
  }));
  const goals = Object.fromEntries(wasm.slice(1).map(({ name }) => [name, 18]));
  return [{ name: 'mining', unit: 'nonces', reference, goals, contenders }];
}
