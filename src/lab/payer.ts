/** The payer: lies about payments, in false words, twice over, or in crumbs. */
import { isMature } from '../consensus/connect.ts';
import { type Block, type Header, hashHeader } from '../primitives/block.ts';
import { encode, type Hash, isSameBytes, parseHash } from '../primitives/codec.ts';
import type { NamedCoin } from '../primitives/coin.ts';
import { Transaction } from '../primitives/transaction.ts';
import type { Ledgers } from './ledger.ts';
import { announce, type LiarParts, type Lie, serving } from './lie.ts';
import { pressBlock, presser } from './press.ts';
import { walk } from './sorted.ts';
import { attempt } from './truth.ts';

/** Tells every payment that it hears in other words, for which nobody signed. */
export function twistsPayments({ transport, chance }: LiarParts): Lie {
  const twist = (payment: Transaction): Transaction => {
    const [input, ...inputs] = payment.inputs;
    const [output, ...outputs] = payment.outputs;
    if (!input || !output) return payment;
    if (chance.is(0.5)) {
      // To itself, and for so high a fee that it would take the place of the true one.
      const stolen = { script: presser.script, amount: output.amount / 2n };
      return { ...payment, outputs: [stolen, ...outputs] };
    }
    // The txid does not commit to the witness: this one has the name of the true one.
    const [signature = new Uint8Array(0), ...rest] = input.witness;
    const witness = [signature.with(10, (signature[10] ?? 0) ^ 1), ...rest];
    return { ...payment, inputs: [{ ...input, witness }, ...inputs] };
  };
  return {
    hear: async (topic, bytes) => {
      const payment = topic === 'tx' ? attempt(Transaction, bytes) : undefined;
      if (payment) await tell(transport, twist(payment));
    },
  };
}

/** Pays two with one coin, and tells everybody of both. */
export function spendsTwice(parts: LiarParts): Lie {
  const { transport, ledgers, chance } = parts;
  const { mine, answer } = mining(parts);
  return {
    answer,
    act: async () => {
      const [coin] = chance.shuffle(ownCoins(ledgers));
      if (!coin) return mine();
      for (const amount of chance.shuffle([100_000n, 200_000n])) {
        const payment = presser.pay([coin], presser.script, amount);
        if (payment) await tell(transport, payment);
      }
    },
  };
}

/** Pays out crumbs that are worth less than it costs to spend them, and pays no fee. */
export function sprinklesDust(parts: LiarParts): Lie {
  const { transport, ledgers, chance } = parts;
  const { mine, answer } = mining(parts);
  return {
    answer,
    act: async () => {
      const coins = ownCoins(ledgers);
      if (coins.length < 3) await mine();
      for (const coin of chance.shuffle(coins).slice(0, 5)) {
        const crumb = presser.pay([coin], presser.script, BigInt(chance.below(200)));
        if (crumb) await tell(transport, crumb);
        const free = presser.pay([coin], presser.script, coin.coin.amount - 2_000n);
        if (free) await tell(transport, free);
      }
    },
  };
}

/** Mines good blocks, so that there is something to pay with. */
function mining({ transport, ledgers, chance, now }: LiarParts) {
  const blocks = new Map<Hash, Block>();
  let latest: Header | undefined;
  const mine = () => {
    const block = pressBlock(ledgers.best, ledgers.params, chance, { time: now() });
    latest = block.header;
    blocks.set(hashHeader(latest), block);
    return announce(transport, latest);
  };
  return { mine, answer: serving(blocks, () => latest) };
}

/** The coins of the press that could be spent in the next block. */
function ownCoins({ best, params }: Ledgers): readonly NamedCoin[] {
  return Array.from(walk(best.coins))
    .filter(([, coin]) => isSameBytes(coin.script, presser.script))
    .filter(([, coin]) => isMature(coin, best.height + 1, params))
    .map(([name, coin]) => {
      const [id = '', index = ''] = name.split(':');
      return { outPoint: { txid: parseHash(id), index: Number(index) }, coin };
    });
}

function tell(transport: LiarParts['transport'], payment: Transaction): Promise<void> {
  return transport.publish('tx', encode(Transaction, payment));
}
