/** The subsidy: what a block may mint beside the fees it collects. */
import type { Params } from './params.ts';

/** In base units; halves until nothing is left. Core: GetBlockSubsidy. */
export function subsidyAt(height: number, { subsidy, halvingInterval }: SubsidyRule): bigint {
  const halvings = Math.floor(height / halvingInterval);
  return halvings < 64 ? subsidy >> BigInt(halvings) : 0n;
}

export type SubsidyRule = Pick<Params, 'subsidy' | 'halvingInterval'>;

/** All that will ever be minted, in base units, the genesis block's share included. */
export function totalSubsidy(rule: SubsidyRule): bigint {
  let total = 0n;
  for (let halvings = 0n; halvings < 64n; halvings++) {
    total += (rule.subsidy >> halvings) * BigInt(rule.halvingInterval);
  }
  return total;
}
