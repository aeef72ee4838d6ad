/** The contract of the boundary, its requests: one question, one answer, or why there is none. */
import { expect, test } from 'vitest';
import { maxAnswerBytes, maxQuestionBytes } from '../src/network/limits.ts';
import { codeOf, type Meeting, never, patterned } from './transports.ts';

/** What is asked of one peer. */
export function asking(meeting: Meeting): void {
  const until = <T>(settled: Promise<T>) => meeting.until(settled);

  test('a request of one byte is answered by one byte', async () => {
    const [one, two] = await meeting.pair();
    two.answer = async (method, from, [byte = 0]) => {
      expect([method, from]).toEqual(['blocks', one.transport.id]);
      return Uint8Array.of(byte + 1);
    };
    expect(await until(one.ask(two))).toEqual(Uint8Array.of(8));
  });

  test('the longest question and the longest answer arrive whole', async () => {
    const [one, two] = await meeting.pair();
    const question = patterned(maxQuestionBytes.blocks);
    const answer = patterned(maxAnswerBytes.blocks);
    two.answer = async (_method, _from, bytes) =>
      Buffer.from(bytes).equals(question) ? answer : Uint8Array.of();
    const got = await until(one.ask(two, question, { maxBytes: answer.length }));
    expect(Buffer.from(got).equals(answer)).toBe(true);
    const [peer] = one.transport.peers();
    expect(peer?.bytesIn).toBeGreaterThanOrEqual(answer.length);
    expect(peer?.bytesOut).toBeGreaterThanOrEqual(question.length);
  });

  test('both may ask at once, and an empty answer is one', async () => {
    const [one, two] = await meeting.pair();
    two.answer = async () => Uint8Array.of();
    const [answer, back] = await until(Promise.all([one.ask(two), two.ask(one)]));
    expect([answer, back]).toEqual([Uint8Array.of(), Uint8Array.of(7)]);
  });

  test('two hundred requests at once are all answered, each by its own answer', async () => {
    const [one, two] = await meeting.pair();
    const answers = await until(
      Promise.all(Array.from({ length: 200 }, (_, i) => one.ask(two, Uint8Array.of(i)))),
    );
    expect(answers.map(([byte]) => byte)).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });
}

/** What is asked in vain. */
export function refusing(meeting: Meeting): void {
  const until = <T>(settled: Promise<T>) => meeting.until(settled);

  test('an answer above its bound is `peer-too-long`, by one byte', async () => {
    const [one, two] = await meeting.pair();
    two.answer = async () => patterned(1_000);
    expect(await until(codeOf(one.ask(two, Uint8Array.of(7), { maxBytes: 999 })))).toBe(
      'peer-too-long',
    );
    expect(await until(one.ask(two, Uint8Array.of(7), { maxBytes: 1_000 }))).toHaveLength(1_000);
  });

  test('a question above its bound is the last that a peer asks', async () => {
    const [one, two] = await meeting.pair();
    const question = patterned(maxQuestionBytes.blocks + 1);
    expect(await until(codeOf(one.ask(two, question)))).toBe('peer-gone');
    expect(two.offences).toMatchObject([{ peer: one.transport.id }]);
    expect([one.statesOf(two), two.statesOf(one)]).toEqual([
      ['ready', 'gone'],
      ['ready', 'gone'],
    ]);
  });

  test('a request that is not answered is `peer-refused`, and the next one is', async () => {
    const [one, two] = await meeting.pair();
    two.answer = async (_method, _from, bytes) => {
      if (bytes[0] === 0) throw new Error('no');
      return bytes;
    };
    expect(await until(codeOf(one.ask(two, Uint8Array.of(0))))).toBe('peer-refused');
    expect(await until(one.ask(two, Uint8Array.of(1)))).toEqual(Uint8Array.of(1));
  });

  test('a peer that is silent for too long is `peer-timeout`, and stays', async () => {
    const [one, two] = await meeting.pair();
    two.answer = never;
    const asked = one.ask(two, Uint8Array.of(7), { timeoutMs: 100 });
    expect(await until(codeOf(asked))).toBe('peer-timeout');
    expect(one.statesOf(two)).toEqual(['ready']);
  });

  test('what was asked of a peer that goes is `peer-gone`, in line or not', async () => {
    const [one, two] = await meeting.pair();
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    two.answer = () => {
      resolve();
      return never();
    };
    const pending = Promise.all(Array.from({ length: 20 }, () => codeOf(one.ask(two))));
    await until(asked);
    await until(two.transport.stop());
    expect(new Set(await until(pending))).toEqual(new Set(['peer-gone']));
    expect(await until(codeOf(one.ask(two)))).toBe('peer-gone');
  });

  test('a peer that was never there is `peer-gone`', async () => {
    const one = await meeting.member();
    const two = await meeting.member();
    expect(await until(codeOf(one.ask(two)))).toBe('peer-gone');
  });
}
