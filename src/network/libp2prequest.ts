/**
 * Requests over libp2p: a stream each, on it one question and one answer, each with its bound.
 *
 * A whole answer lies in memory at both ends anyway, so it is handed over whole, and yamux sends of
 * it no more than the reader has room for. Pausing a stream would end it where much is under way.
 */
import type { Connection, Stream } from '@libp2p/interface';
import { lpStream } from '@libp2p/utils';
import { Fault } from '../primitives/fault.ts';
import type { Method, PeerId, RequestOptions, Timers } from './boundary.ts';
import { Deadline, errorOf } from './libp2pdeadline.ts';
import {
  maxLongAnswers,
  maxQuestionBytes,
  maxRequestsFromPeer,
  maxRequestsToPeer,
  slackBytes,
} from './limits.ts';
import type { Tell } from './wire.ts';

/** For a question to come, its answer to be made, and to be taken. */
const serveMs = 60_000;
/** So soon after a stream broke we know whether the connection did. */
const partingMs = 100;

/** How a protocol of this network is called. */
export function protocolOf(prefix: string, method: Method): string {
  return `${prefix}/${method}/1`;
}

export interface Question {
  readonly method: Method;
  readonly bytes: Uint8Array;
  readonly options: RequestOptions;
}

export interface AskerParts {
  readonly peer: PeerId;
  readonly prefix: string;
  readonly timers: Timers;
  /** One that is open; of two that came about at once either may close. */
  readonly connection: () => Connection | undefined;
}

interface Turn {
  readonly take: () => void;
  readonly lose: (fault: Fault) => void;
}

/** What one peer is asked: a few questions at once, the others in line. */
export class Asker {
  readonly #parts: AskerParts;
  readonly #line: Turn[] = [];
  readonly #deadlines = new Set<Deadline>();
  #underway = 0;

  constructor(parts: AskerParts) {
    this.#parts = parts;
  }

  async ask(question: Question): Promise<Uint8Array> {
    await this.#turn();
    try {
      return await this.#send(question);
    } finally {
      const next = this.#line.shift();
      if (next) next.take();
      else this.#underway--;
    }
  }

  /** Nobody is there any more. */
  end(): void {
    const fault = this.#gone();
    for (const { lose } of this.#line.splice(0)) lose(fault);
    for (const deadline of this.#deadlines) deadline.end(fault);
  }

  #gone(): Fault {
    return new Fault('peer-gone', `${this.#parts.peer} is gone`);
  }

  #turn(): Promise<void> {
    if (this.#underway >= maxRequestsToPeer) {
      return new Promise((take, lose) => this.#line.push({ take, lose }));
    }
    this.#underway++;
    return Promise.resolve();
  }

  async #send({ method, bytes, options: { timeoutMs, maxBytes } }: Question): Promise<Uint8Array> {
    const { timers, prefix } = this.#parts;
    const connection = this.#parts.connection();
    if (!connection) throw this.#gone();
    const late = new Fault('peer-timeout', `no answer to ${method} in ${timeoutMs} ms`);
    const deadline = new Deadline(timers, timeoutMs, late);
    this.#deadlines.add(deadline);
    const { signal } = deadline;
    let stream: Stream | undefined;
    try {
      stream = await connection.newStream(protocolOf(prefix, method), { signal });
      const frames = framesOf(stream, maxBytes);
      await frames.write(bytes, { signal });
      await stream.close({ signal });
      return plain((await frames.read({ signal })).subarray());
    } catch (error) {
      stream?.abort(errorOf(error));
      throw await this.#faultOf(error, deadline, method);
    } finally {
      deadline.clear();
      this.#deadlines.delete(deadline);
    }
  }

  /** A stream that broke may be all that broke, or the first that is seen of a peer that goes. */
  async #faultOf(error: unknown, deadline: Deadline, method: Method): Promise<Fault> {
    if (deadline.fault) return deadline.fault;
    if (isTooLong(error)) return new Fault('peer-too-long', `the answer to ${method}`, error);
    await new Promise<void>((resolve) => {
      const callOff = this.#parts.timers.after(partingMs, resolve);
      deadline.signal.addEventListener('abort', () => resolve(callOff()), { once: true });
    });
    return deadline.fault ?? new Fault('peer-refused', `no answer to ${method}`, error);
  }
}

export interface ServerParts {
  readonly timers: Timers;
  /** Settled once the peer can be named to those who answer, or is gone. */
  readonly whenReady: (peer: PeerId) => Promise<boolean>;
  readonly answer: (method: Method, from: PeerId, question: Uint8Array) => Promise<Uint8Array>;
  /** It did what no honest peer does. */
  readonly offend: (peer: PeerId, why: string) => void;
  readonly tell: Tell;
}

/** Those whose answers may be megabytes. */
const long: ReadonlySet<Method> = new Set(['blocks', 'blocktxs', 'mempool']);

/** Turns for a few at once, the others in line. */
class Turns {
  #free = maxLongAnswers;
  readonly #line: (() => void)[] = [];

  take(): Promise<void> {
    if (this.#free === 0) return new Promise((resolve) => this.#line.push(resolve));
    this.#free--;
    return Promise.resolve();
  }

  give(): void {
    const next = this.#line.shift();
    if (next) next();
    else this.#free++;
  }
}

/** What one peer asked. */
interface Underway {
  readonly deadlines: Set<Deadline>;
  readonly turns: Turns;
}

/**
 * What we are asked: a few questions of each peer at once, the others are refused. Work that has
 * begun cannot be taken back, so it counts until it is done, even when who asked is gone: otherwise
 * a peer could start any amount of it by asking, leaving and coming back. A long answer is not
 * made before earlier ones were taken, or whoever never reads could fill our memory.
 */
export class Server {
  readonly #parts: ServerParts;
  readonly #underway = new Map<PeerId, Underway>();

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  async serve(method: Method, stream: Stream, { remotePeer }: Connection): Promise<void> {
    const peer = `${remotePeer}`;
    const fresh = { deadlines: new Set<Deadline>(), turns: new Turns() };
    const { deadlines, turns } = this.#underway.get(peer) ?? fresh;
    if (deadlines.size >= maxRequestsFromPeer) {
      stream.abort(new Error('too many questions at once'));
      return;
    }
    this.#underway.set(peer, { deadlines, turns });
    const late = new Fault('peer-timeout', `${method} took longer than ${serveMs} ms`);
    const deadline = new Deadline(this.#parts.timers, serveMs, late);
    deadlines.add(deadline);
    const served: Served = { method, stream, peer, deadline, turns };
    try {
      await this.#answer(served);
    } catch (error) {
      const because = errorOf(error).message;
      this.#parts.tell('debug', 'could not answer', { peer, method, because });
      stream.abort(errorOf(error));
      if (isTooLong(error)) this.#parts.offend(peer, `too long a question for ${method}`);
    } finally {
      deadline.clear();
      await Promise.allSettled([served.work]);
      await served.turn;
      if (served.turn) turns.give();
      deadlines.delete(deadline);
      if (deadlines.size === 0) this.#underway.delete(peer);
    }
  }

  /** Lets go of everything that this peer asked. */
  end(peer: PeerId): void {
    const fault = new Fault('peer-gone', `${peer} is gone`);
    for (const deadline of this.#underway.get(peer)?.deadlines ?? []) deadline.end(fault);
  }

  async #answer(served: Served): Promise<void> {
    const { method, stream, peer, deadline } = served;
    const { whenReady, answer } = this.#parts;
    const { signal } = deadline;
    const frames = framesOf(stream, maxQuestionBytes[method]);
    const question = await frames.read({ signal });
    if (!(await deadline.race(whenReady(peer)))) throw new Error('it is of another network');
    if (long.has(method)) {
      served.turn = served.turns.take();
      await deadline.race(served.turn);
    }
    served.work = answer(method, peer, plain(question.subarray()));
    const bytes = await deadline.race(served.work);
    await frames.write(bytes, { signal });
    await stream.close({ signal });
  }
}

interface Served {
  readonly method: Method;
  readonly stream: Stream;
  readonly peer: PeerId;
  readonly deadline: Deadline;
  readonly turns: Turns;
  /** For a long answer. */
  turn?: Promise<void>;
  /** What was begun for it. */
  work?: Promise<Uint8Array>;
}

/** The length before a frame is above its bound, or is none. Two packages say so, each its way. */
export function isTooLong(error: unknown): boolean {
  return error instanceof Error && /^InvalidDataLength(Length)?Error$/.test(error.name);
}

/** Frames with their lengths before them; to be made before anything else happens on a stream. */
function framesOf(stream: Stream, maxDataLength: number) {
  return lpStream(stream, { maxDataLength, maxBufferSize: maxDataLength + slackBytes });
}

/** The same bytes, but as no `Buffer`, which compares and copies by rules of its own. */
export function plain({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
