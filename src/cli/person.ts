/** The person at the terminal: asked on stderr, and answering on stdin. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Fault } from '../primitives/fault.ts';

export interface Question {
  readonly text: string;
  /** Is the answer a secret, not to be shown while it is typed? */
  readonly isHidden: boolean;
}

/** Is there somebody who sees questions and can answer them? */
export function isPersonThere(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/**
 * Asks these questions one after the other. Throws a `Fault` where the person breaks off; however
 * it ends, the terminal is as it was.
 */
export async function askPerson(questions: readonly Question[]): Promise<readonly string[]> {
  let isHidden = false;
  const write = (text: Uint8Array, _encoding: unknown, done: () => void) => {
    if (!isHidden) process.stderr.write(text);
    done();
  };
  const screen = Object.assign(new Writable({ write }), { columns: process.stderr.columns });
  // One reader for all questions: what is typed ahead of the next one is not lost.
  const reader = createInterface({
    input: process.stdin,
    output: screen,
    terminal: true,
    historySize: 0,
  });
  reader.on('SIGINT', () => reader.close());
  const typed = reader[Symbol.asyncIterator]();
  try {
    const answers: string[] = [];
    for (const question of questions) {
      isHidden = false;
      reader.setPrompt(question.text);
      reader.prompt();
      isHidden = question.isHidden;
      const { value, done } = await typed.next();
      if (isHidden || done) process.stderr.write('\n');
      if (done) throw new Fault('interrupted', 'you broke off; nothing was done');
      answers.push(value);
    }
    return answers;
  } finally {
    reader.close();
  }
}
