/** Kernels of machine code, made here and now. They find candidates, each of which is checked. */
import { type Mining, newMining, type Variant } from '../hashing/mining.ts';
import { isHit, type Kernel, type Search } from './kernel.ts';

/** The kernel that tries so many nonces side by side; throws where the machine cannot. */
export function wasmKernel(variant: Variant): Kernel {
  const mining = newMining(variant);
  const search = (wanted: Search) => searchWith(mining, wanted);
  return { name: `wasm, ${variant}`, noncesAtOnce: 10_240, search };
}

function searchWith({ memory, prepare, search }: Mining, wanted: Search): number | undefined {
  const { header, target, firstNonce, count } = wanted;
  new Uint8Array(memory.buffer).set(header);
  prepare();
  const limit = new DataView(target.buffer, target.byteOffset).getUint32(0);
  const end = Math.min(firstNonce + count, 2 ** 32);
  let nonce = firstNonce;
  while (nonce < end) {
    const part = Math.min(end - nonce, noncesInCall);
    const inVain = search(nonce, part, limit);
    if (inVain < 0) nonce += part;
    // It looks a little further than it is told to, and behind the last nonce begins anew.
    else if (nonce + inVain >= end) return undefined;
    else if (isHit(wanted, nonce + inVain)) return nonce + inVain;
    else nonce += inVain + 1;
  }
  return undefined;
}

/** So that what is found is a small number, whatever is asked for. */
const noncesInCall = 2 ** 20;
