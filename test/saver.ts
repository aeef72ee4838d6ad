/**
 * A process that does nothing but save a wallet, to be killed while it does. It is told the folder
 * of a network, and prints how many addresses the wallet has given out, each time it has saved it.
 */
import { writeSync } from 'node:fs';
import { WalletFiles } from '../src/cli/walletfiles.ts';
import { main } from '../src/consensus/params.ts';
import { takeAddress } from '../src/wallet/wallet.ts';

const files = new WalletFiles(process.argv[2] ?? '', main);
await files.lock();
for (;;) {
  const [wallet] = files.all();
  if (!wallet) throw new Error('there is no wallet');
  const { wallet: next } = takeAddress(wallet, 'p2wpkh', false);
  files.replace(next);
  // Not by a stream: what is said must be out before the next one is begun.
  writeSync(1, `${next.next.p2wpkh.receive}\n`);
}
