/**
 * What waits, as JSON in the field names of Bitcoin Core's RPC. What is Core's alone is left out:
 * there are no clusters here, and so neither chunks nor limits of them.
 */
import type { Member } from '../mempool/member.ts';
import type { MempoolState, MempoolView } from '../node/view.ts';
import { formatAmount } from '../primitives/amount.ts';
import type { Hash } from '../primitives/codec.ts';
import { maxCarrierBytes } from '../primitives/script.ts';
import { weight, wtxid } from '../primitives/transaction.ts';

/** The mempool as `getmempoolinfo` tells it, but with amounts as text. */
export function mempoolJson(view: MempoolView): object {
  return stateJson(view, formatAmount);
}

/**
 * How full the mempool is, amounts written in this way. Rates are coins per 1,000 virtual bytes.
 * Core: MempoolInfoToJSON.
 */
export function stateJson<Amount>(state: MempoolState, amount: (units: bigint) => Amount) {
  const { size, rates } = state;
  return {
    loaded: true,
    size,
    bytes: state.bytes,
    usage: state.usage,
    total_fee: amount(state.fees),
    maxmempool: state.maxBytes,
    mempoolminfee: amount(rates.now),
    minrelaytxfee: amount(rates.least),
    incrementalrelayfee: amount(rates.incremental),
    // Whoever connects asks for all that waits: nothing must be told again.
    unbroadcastcount: 0,
    fullrbf: true,
    permitbaremultisig: false,
    maxdatacarriersize: maxCarrierBytes,
  };
}

/** Every payment that waits, by its id, as `getrawmempool` tells it when asked for all. */
export function waitingJson({ members, replaceable }: MempoolView): Readonly<Record<Hash, object>> {
  const tell = (each: Member) => memberJson(each, replaceable.has(each.id), formatAmount);
  return Object.fromEntries(members.map((each) => [each.id, tell(each)]));
}

/** A payment as `getmempoolentry` tells it, its amounts written in this way. Core: entryToJSON. */
export function memberJson<Amount>(
  member: Member,
  isReplaceable: boolean,
  amount: (units: bigint) => Amount,
) {
  const { transaction, fee, ancestors, descendants } = member;
  return {
    vsize: member.bytes,
    weight: weight(transaction),
    time: member.time,
    height: member.height,
    descendantcount: descendants.count,
    descendantsize: descendants.bytes,
    ancestorcount: ancestors.count,
    ancestorsize: ancestors.bytes,
    wtxid: wtxid(transaction),
    fees: {
      base: amount(fee),
      modified: amount(member.modifiedFee),
      ancestor: amount(ancestors.fees),
      descendant: amount(descendants.fees),
    },
    depends: [...member.parents],
    spentby: [...member.children],
    'bip125-replaceable': isReplaceable,
    unbroadcast: false,
  };
}
