/**
 * Signature operations: Bitcoin bounds how many a block may hold. Under our rules that bound cannot
 * be reached, so it is an assertion and not a rule.
 *
 * The most there can be: 19,138 P2WPKH inputs in 4,000,000 weight, one each; and 98 bytes of
 * OP_CHECKMULTISIG behind the height in a coinbase script, 80 each. That is 26,978 of 80,000.
 */
import { outputKind } from '../primitives/script.ts';
import type { Output, Transaction } from '../primitives/transaction.ts';

/** Core: MAX_BLOCK_SIGOPS_COST. */
export const maxSigopsCost = 80_000;

/** What the block's signature operations cost, given the coins it spends. */
export function sigopsCost(transactions: readonly Transaction[], coins: readonly Output[]): number {
  const coinbaseScript = transactions[0]?.inputs[0]?.scriptSig ?? new Uint8Array(0);
  const witnesses = coins.filter(({ script }) => outputKind(script)?.kind === 'p2wpkh').length;
  return scriptSigops(coinbaseScript) * 4 + witnesses;
}

/** As Core counts a script it does not run: to the first malformed push. Core: GetSigOpCount. */
export function scriptSigops(script: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < script.length; i++) {
    const operation = script[i] ?? 0;
    if (operation > 0 && operation <= 0x4e) {
      const sizeBytes = operation < 0x4c ? 0 : 2 ** (operation - 0x4c);
      const sized = script.subarray(i + 1, i + 1 + sizeBytes);
      const size =
        sizeBytes === 0 ? operation : sized.reduceRight((sum, byte) => sum * 256 + byte, 0);
      if (sized.length < sizeBytes || i + sizeBytes + size >= script.length) return count;
      i += sizeBytes + size;
    } else if (operation === 0xac || operation === 0xad) count += 1;
    else if (operation === 0xae || operation === 0xaf) count += 20;
  }
  return count;
}

/** Fails only if the arithmetic above is wrong, which would be a bug. */
export function checkSigops(transactions: readonly Transaction[], coins: readonly Output[]): void {
  const cost = sigopsCost(transactions, coins);
  if (cost > maxSigopsCost) throw new Error(`assertion failed: ${cost} signature operations`);
}
