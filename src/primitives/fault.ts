/**
 * The world failing: a disk, a file, a wire. Never a verdict on a block; a rule that says no
 * returns a `Reject` instead.
 */

/** A failure with a code that programs rely on, and words for people that may change. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
