/**
 * `GET /api/<method>`: what everybody may ask who can reach the node, without a cookie. Pages of
 * our own use it, and scripts.
 *
 * The methods are those of JSON-RPC that change nothing and cost little, parameters stand in the
 * query by their names, and the answer is the result alone, or `{"error":{"code","message"}}` with
 * HTTP 400 or 404. A list comes in pages of 64 rows: `page=0` is the first, and one with fewer rows
 * is the last. Beside them are `blocks`, `transactions` and `mempool`; see `apipages.ts`. Each
 * connection has tokens, and who has spent them hears HTTP 429 and when to ask again.
 */
import type { Node } from '../node/node.ts';
import { Exact, type Fields, isFields, isList, type Value, writeJson } from '../rpc/exact.ts';
import { badParameter, codes, Failure } from '../rpc/failure.ts';
import { type Parameter, parameters } from '../rpc/parameters.ts';
import type { Call } from '../rpc/protocol.ts';
import { type Page, pagesOf, rowsPerPage } from './apipages.ts';
import { Bucket, type BucketSize } from './bucket.ts';
import type { Answer, Asked, Route } from './route.ts';

export interface ApiSettings {
  readonly node: Node;
  readonly call: Call;
  /** In seconds and parts of them. */
  readonly clock: () => number;
  readonly bucket?: BucketSize;
}

/** Of each connection. */
const defaultBucket: BucketSize = { tokens: 128, perSecond: 32 };

/** How many tokens a request takes that reads whole blocks or goes through a list. */
const dearTokens = 8;

/** In the notation of `parameters`; a parameter that would make it dear is left out. */
const openMethods: Readonly<Record<string, string>> = {
  decodescript: 'hexstring:string',
  getaddressbalance: 'address:string',
  getaddresshistory: 'address:string',
  getaddressutxos: 'address:string',
  getbestblockhash: '',
  getblock: 'blockhash:string',
  getblockchaininfo: '',
  getblockcount: '',
  getblockhash: 'height:number',
  getblockheader: 'blockhash:string verbose:bool?',
  getblockstats: 'hash_or_height:any',
  getchaintips: '',
  getchaintxstats: '',
  getconnectioncount: '',
  getdeploymentinfo: 'blockhash:string?',
  getdifficulty: '',
  getindexinfo: '',
  getmempoolentry: 'txid:string',
  getmempoolinfo: '',
  getmininginfo: '',
  getnetworkhashps: '',
  getnetworkinfo: '',
  getpeerinfo: '',
  getrawmempool: '',
  getrawtransaction: 'txid:string verbosity|verbose:number? blockhash:string?',
  gettxout: 'txid:string n:number include_mempool:bool?',
  uptime: '',
  validateaddress: 'address:string',
};

const dearMethods: ReadonlySet<string> = new Set([
  'blocks',
  'getaddresshistory',
  'getaddressutxos',
  'getblock',
  'getblockstats',
  'getchaintips',
  'getchaintxstats',
  'getmininginfo',
  'getrawmempool',
  'getrawtransaction',
  'mempool',
  'transactions',
]);

export function apiRoute(settings: ApiSettings): Route {
  const api = new Api(settings);
  return {
    method: 'GET',
    path: '/api/*',
    admits: 'no foreign page',
    answer: (asked) => api.answer(asked),
  };
}

class Api {
  readonly #settings: ApiSettings;
  readonly #pages: ReadonlyMap<string, Page>;
  readonly #buckets = new WeakMap<object, Bucket>();

  constructor(settings: ApiSettings) {
    this.#settings = settings;
    this.#pages = pagesOf(settings.node);
  }

  async answer(asked: Asked): Promise<Answer> {
    const seconds = this.#pay(asked);
    if (seconds > 0) {
      const headers = { 'Retry-After': Math.ceil(seconds) };
      return { ...failed(429, codes.misc, 'Too many requests'), headers };
    }
    try {
      return { status: 200, body: line(await this.#run(asked)) };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const isMissing = [codes.methodNotFound, codes.addressOrKey].some((c) => c === error.code);
      return failed(isMissing ? 404 : 400, error.code, error.message);
    }
  }

  /** How long to wait where the connection has not tokens enough. */
  #pay({ connection, word }: Asked): number {
    const { clock, bucket: size = defaultBucket } = this.#settings;
    const now = clock();
    const bucket = this.#buckets.get(connection) ?? new Bucket(size, now);
    this.#buckets.set(connection, bucket);
    return bucket.take(dearMethods.has(word) ? dearTokens : 1, now);
  }

  async #run({ word, query }: Asked): Promise<Value> {
    const page = this.#pages.get(word);
    if (page) return await page.rows(read(query, parameters(page.parameters)));
    const notation = Object.hasOwn(openMethods, word) ? openMethods[word] : undefined;
    if (notation === undefined) throw new Failure(codes.methodNotFound, 'Method not found');
    const { page: number, ...named } = read(query, parameters(`${notation} page:number?`));
    const result = await this.#settings.call(word, named);
    return cut(result, number instanceof Exact ? Number(number.digits) : 0);
  }
}

/** What stands in the query, by the types that are asked for. */
function read(query: URLSearchParams, wanted: readonly Parameter[]): Fields {
  const fields: Record<string, Value> = {};
  for (const [name, text] of query) {
    const type = wanted.find(({ names }) => names.includes(name))?.type;
    if (type === undefined) throw badParameter(`Unknown named parameter ${name}`);
    if (Object.hasOwn(fields, name)) throw badParameter(`Parameter ${name} specified twice`);
    fields[name] = typed(text, type, name);
  }
  const missing = wanted.find(({ names, isOptional }) => {
    return !isOptional && !names.some((name) => Object.hasOwn(fields, name));
  });
  if (missing) throw badParameter(`Parameter ${missing.names[0]} is missing`);
  return fields;
}

function typed(text: string, type: string, name: string): Value {
  const isNumber = /^-?(0|[1-9]\d{0,9})$/.test(text);
  const isFlag = text === 'true' || text === 'false';
  if (type === 'string') return text;
  if (type === 'bool' && isFlag) return text === 'true';
  if (type !== 'bool' && isNumber) return new Exact(text);
  if (type === 'any') return text;
  throw new Failure(codes.type, `Parameter ${name} must be a ${type}`);
}

/** A page of what is a list, or has one: the transactions of a block. */
function cut(result: Value, page: number): Value {
  const begin = Math.max(page, 0) * rowsPerPage;
  if (isList(result)) return result.slice(begin, begin + rowsPerPage);
  if (!isFields(result) || !isList(result['tx'])) return result;
  return { ...result, tx: result['tx'].slice(begin, begin + rowsPerPage) };
}

function failed(status: number, code: number, message: string): Answer {
  return { status, body: line({ error: { code, message } }) };
}

function line(value: Value): string {
  return `${writeJson(value)}\n`;
}
