/** `chain importwallet`: a wallet from the words that a person wrote down. */
import { DecodeError } from '../primitives/codec.ts';
import { Fault } from '../primitives/fault.ts';
import { findNext, type GapSearch } from '../wallet/gap.ts';
import { PublicKeys } from '../wallet/keys.ts';
import { pathsOf } from '../wallet/wallet.ts';
import { readWords } from '../wallet/words.ts';
import type { Desk } from './desk.ts';
import { askPerson } from './person.ts';
import {
  checkNewLabel,
  draftWallet,
  type MakeOptions,
  saveWallet,
  wantedPassword,
} from './walletmaker.ts';

export async function importWallet(desk: Desk, options: MakeOptions): Promise<void> {
  checkNewLabel(desk, options);
  const words = parseWords(await typedWords());
  const { accounts } = draftWallet(desk, words, options.label);
  const password = await wantedPassword(options);

  const { door } = await desk.openDoor();
  await desk.lockWallets();
  desk.progress('looking for what these words were paid …');
  const next = await run(findNext(new PublicKeys(accounts)), (script) => door.isUsed(script));
  desk.progress('');
  const wallet = { ...draftWallet(desk, words, options.label), next };
  saveWallet(desk, wallet, password);

  const { label } = wallet;
  const address = desk.keyring().firstAddress(wallet);
  desk.answer(address, { label, address });
  desk.note(`This is wallet '${label}'; of its addresses ${pathsOf(wallet).length} are in use.`);
}

/** Goes through a search, which asks of one script at a time. */
async function run<T>(
  search: GapSearch<T>,
  isUsed: (script: Uint8Array) => Promise<boolean>,
): Promise<T> {
  let step = search.next();
  while (!step.done) step = search.next(await isUsed(step.value));
  return step.value;
}

/** Far more than 24 words take; a bound on what is read of a pipe that never ends. */
const maxWordsLength = 4_096;

async function typedWords(): Promise<string> {
  if (process.stdin.isTTY) {
    const [line = ''] = await askPerson([{ text: 'The words: ', isHidden: false }]);
    return line;
  }
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk;
    if (text.length > maxWordsLength) throw new Fault('bad-words', 'this is more than 24 words');
  }
  return text;
}

function parseWords(text: string): string {
  try {
    return readWords(text);
  } catch (error) {
    if (error instanceof DecodeError) throw new Fault('bad-words', error.message, error);
    throw error;
  }
}
