/**
 * JSON-RPC, the envelope: one body in, one body out. Two flavours, as Bitcoin Core has them: 2.0,
 * where every answer that is JSON is HTTP 200; and the older one, where HTTP tells of errors too.
 */
import { Fault } from '../primitives/fault.ts';
import {
  type Fields,
  isFields,
  isList,
  parseJson,
  type Value,
  writeJson,
  writeLongJson,
} from './exact.ts';
import { codes, Failure } from './failure.ts';

/** What goes back over HTTP; without a body where nobody waits for one. */
export interface Reply {
  readonly status: number;
  readonly body: string | undefined;
}

/**
 * Runs one method. What it cannot do it throws: a `Failure`, or a `Fault`. The signal says that
 * whoever asked has gone.
 */
export type Call = (
  method: string,
  parameters: readonly Value[] | Fields,
  signal?: AbortSignal,
) => Promise<Value>;

/** As many requests in one batch; Core has no bound but that of the body. */
export const maxBatch = 1_000;

/** For whoever has nothing else to do than to answer. */
const noPause = async () => {};

/** Who asks, and who else there is. */
export interface Circumstances {
  /** Aborted when whoever asked is gone. */
  readonly signal?: AbortSignal;
  /** Lets others have their turn. */
  readonly pause?: () => Promise<void>;
}

/** Answers the body of an HTTP request; what is long to write is written with pauses. */
export async function answer(
  body: string,
  calls: Call,
  { signal, pause = noPause }: Circumstances = {},
): Promise<Reply> {
  const call: Call = (method, parameters) => calls(method, parameters, signal);
  const request = parse(body);
  if (isList(request)) return await answerBatch(request, call, pause);
  if (!isFields(request)) {
    const message = request === undefined ? 'Parse error' : 'Top-level object parse error';
    return failed(new Failure(codes.parse, message), unknownSender);
  }
  const sender = senderOf(request);
  try {
    const { method, parameters } = read(request, sender);
    const result = await run(call, method, parameters);
    const isSilent = sender.is2 && sender.id === undefined;
    if (isSilent) return { status: 204, body: undefined };
    if (!(result instanceof Failure)) {
      const text = await writeLongJson(success(result, sender), pause);
      return { status: 200, body: `${text}\n` };
    }
    return sender.is2 ? { ...failed(result, sender), status: 200 } : failed(result, sender);
  } catch (error) {
    return failed(asFailure(error), sender);
  }
}

function parse(body: string): Value | undefined {
  try {
    return parseJson(body);
  } catch {
    // Not JSON, or so deep that it was sent to exhaust the stack.
    return undefined;
  }
}

async function answerBatch(
  requests: readonly Value[],
  call: Call,
  pause: () => Promise<void>,
): Promise<Reply> {
  if (requests.length > maxBatch) {
    const message = `A batch holds at most ${maxBatch} requests, this one ${requests.length}`;
    return failed(new Failure(codes.invalidRequest, message), unknownSender);
  }
  const answers: Fields[] = [];
  for (const request of requests) {
    const answered = await answerOne(request, call);
    if (answered) answers.push(answered);
  }
  // An empty batch says of no version that it is 2.0, so it gets an answer.
  const isSilent = answers.length === 0 && requests.length > 0;
  if (isSilent) return { status: 204, body: undefined };
  return { status: 200, body: `${await writeLongJson(answers, pause)}\n` };
}

/** In a batch errors are answers like others. Nothing for a notification. */
async function answerOne(request: Value, call: Call): Promise<Fields | undefined> {
  const sender = isFields(request) ? senderOf(request) : unknownSender;
  try {
    const { method, parameters } = read(request, sender);
    const result = await run(call, method, parameters);
    if (sender.is2 && sender.id === undefined) return undefined;
    return result instanceof Failure ? failure(result, sender) : success(result, sender);
  } catch (error) {
    return failure(asFailure(error), sender);
  }
}

/** Who asks: what an answer must repeat. */
interface Sender {
  readonly is2: boolean;
  readonly id: Value | undefined;
  readonly version: Value | undefined;
}

const unknownSender: Sender = { is2: false, id: null, version: undefined };

function senderOf({ id, jsonrpc }: Fields): Sender {
  return { is2: jsonrpc === '2.0', id, version: jsonrpc };
}

interface Request {
  readonly method: string;
  readonly parameters: readonly Value[] | Fields;
}

/** Core: JSONRPCRequest::parse. */
function read(request: Value, { version = null, is2 }: Sender): Request {
  if (!isFields(request)) throw invalid('Invalid Request object');
  if (version !== null && typeof version !== 'string') {
    throw invalid('jsonrpc field must be a string');
  }
  if (version !== null && version !== '1.0' && !is2) {
    throw invalid('JSON-RPC version not supported');
  }
  const { method = null, params = null } = request;
  if (method === null) throw invalid('Missing method');
  if (typeof method !== 'string') throw invalid('Method must be a string');
  if (params === null) return { method, parameters: [] };
  if (isList(params) || isFields(params)) return { method, parameters: params };
  throw invalid('Params must be an array or object');
}

function invalid(message: string): Failure {
  return new Failure(codes.invalidRequest, message);
}

/** The result of a method, or why there is none. */
async function run(call: Call, method: string, parameters: Request['parameters']) {
  try {
    return await call(method, parameters);
  } catch (error) {
    return asFailure(error);
  }
}

/** A bug must not end the node: whoever asked hears of it. */
function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof Fault) return new Failure(codes.misc, `${error.code}: ${error.message}`);
  return new Failure(codes.internal, String(error));
}

function success(result: Value, { is2, id }: Sender): Fields {
  return is2 ? { jsonrpc: '2.0', result, id } : { result, error: null, id };
}

function failure({ code, message }: Failure, { is2, id }: Sender): Fields {
  const error = { code, message };
  return is2 ? { jsonrpc: '2.0', error, id } : { result: null, error, id };
}

/** Core: JSONErrorReply. */
function failed(error: Failure, sender: Sender): Reply {
  const { code } = error;
  const status = code === codes.invalidRequest ? 400 : code === codes.methodNotFound ? 404 : 500;
  return { status, body: line(failure(error, sender)) };
}

function line(value: Value): string {
  return `${writeJson(value)}\n`;
}
