/** Requests on a wire: one question, one answer, each with its bound; or why there is none. */
import type { Method, RequestOptions } from '../network/boundary.ts';
import { maxQuestionBytes, maxRequestsFromPeer } from '../network/limits.ts';
import { Fault } from '../primitives/fault.ts';
import type { VirtualClock } from './clock.ts';
import type { Wire, WireEnd } from './wire.ts';

export interface Question {
  readonly method: Method;
  readonly bytes: Uint8Array;
  readonly options: RequestOptions;
}

/** A question that waits, or is on its way. */
interface Asked extends Question {
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (fault: Fault) => void;
}

export interface AskerParts {
  readonly wire: Wire;
  readonly end: WireEnd;
  readonly clock: VirtualClock;
  /** Who answers at the other end. */
  readonly server: () => Server | undefined;
}

/** One end's questions: a few at once, the others in line. */
export class Asker {
  readonly #parts: AskerParts;
  readonly #most: number;
  readonly #line: Asked[] = [];
  /** What ends each that is on its way; without a fault nobody is told. */
  readonly #underway = new Set<(fault?: Fault) => void>();

  constructor(parts: AskerParts, most: number) {
    this.#parts = parts;
    this.#most = most;
  }

  /** How many answers are wanted, in line or on their way. */
  get wanted(): number {
    return this.#line.length + this.#underway.size;
  }

  ask(question: Question): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#line.push({ ...question, resolve, reject });
      this.#next();
    });
  }

  /** Ends all of them, in line or not; without a fault nobody is told, for who asked is dead. */
  end(fault?: Fault): void {
    for (const { reject } of this.#line.splice(0)) if (fault) reject(fault);
    for (const end of [...this.#underway]) end(fault);
  }

  #next(): void {
    while (this.#underway.size < this.#most) {
      const asked = this.#line.shift();
      if (!asked) return;
      this.#send(asked);
    }
  }

  #send({ method, bytes, options, resolve, reject }: Asked): void {
    const { wire, end, clock, server } = this.#parts;
    const { timeoutMs, maxBytes } = options;
    const leave = (): boolean => {
      callOff();
      const isOpen = this.#underway.delete(fail);
      if (isOpen) this.#next();
      return isOpen;
    };
    const fail = (fault?: Fault) => {
      if (leave() && fault) reject(fault);
    };
    const callOff = clock.after(timeoutMs, () =>
      fail(new Fault('peer-timeout', `no answer to ${method} in ${timeoutMs} ms`)),
    );
    this.#underway.add(fail);
    wire.carry(end, bytes.length, () => {
      server()?.take({ method, bytes, maxBytes }, (answer) => {
        if (!answer) return fail(new Fault('peer-refused', `no answer to ${method}`));
        if (answer.length > maxBytes) {
          return fail(new Fault('peer-too-long', `an answer above ${maxBytes} bytes`));
        }
        if (leave()) resolve(answer);
      });
    });
  }
}

interface Taken {
  readonly method: Method;
  readonly bytes: Uint8Array;
  readonly maxBytes: number;
}

export interface ServerParts {
  readonly answer: (method: Method, bytes: Uint8Array) => Promise<Uint8Array>;
  /** Who asks did what no honest peer does. */
  readonly offend: (why: string) => void;
}

/** One end's answers: a few at once, the others are refused. */
export class Server {
  readonly #wire: Wire;
  readonly #end: WireEnd;
  readonly #parts: ServerParts;
  #count = 0;

  constructor(wire: Wire, end: WireEnd, parts: ServerParts) {
    this.#wire = wire;
    this.#end = end;
    this.#parts = parts;
  }

  /** Works on a question; gives back nothing where there is no answer. */
  take({ method, bytes, maxBytes }: Taken, give: (answer?: Uint8Array) => void): void {
    const send = (answer?: Uint8Array) => {
      // No more is sent than shows that it is too long.
      const length = Math.min(answer?.length ?? 0, maxBytes + 1);
      this.#wire.carry(this.#end, length, () => give(answer));
    };
    if (bytes.length > maxQuestionBytes[method]) {
      this.#parts.offend(`too long a question for ${method}`);
      return;
    }
    if (this.#count >= maxRequestsFromPeer) {
      send();
      return;
    }
    this.#count++;
    const done = (answer?: Uint8Array) => {
      this.#count--;
      send(answer);
    };
    this.#parts.answer(method, bytes).then(done, () => done());
  }
}
