/** What a request can end in instead of a result, with Core's codes. */

/** Core: RPCErrorCode, and JSON-RPC 2.0 below -32,000. */
export const codes = {
  misc: -1,
  type: -3,
  addressOrKey: -5,
  parameter: -8,
  decoding: -22,
  verify: -25,
  rejected: -26,
  alreadyInChain: -27,
  alreadyAdded: -23,
  notAdded: -24,
  peerNotConnected: -29,
  badSubnet: -30,
  parse: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParameters: -32_602,
  internal: -32_603,
} as const;

/** An answer that is no result. The message is Core's where Core has one. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** A value that makes no sense here. */
export function badParameter(message: string): Failure {
  return new Failure(codes.parameter, message);
}

/** A call that makes no sense: whoever asks hears the help text. */
export class Misuse extends Error {
  override readonly name = 'Misuse';
}
