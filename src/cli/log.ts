/** The log of a node: lines for people, or with `--json` one record a line for programs. */
import type { Logging } from '../rpc/method.ts';
import type { GlobalOptions } from './desk.ts';

/** From the gravest on. */
const levels = ['error', 'warn', 'info', 'debug'] as const;
type Level = (typeof levels)[number];

/** What may be told of in every detail, each kind by itself. */
const categories = ['mempool', 'mining', 'net', 'validation'] as const;
type Category = (typeof categories)[number];

/** What is told beside the sentence. */
export type Facts = Readonly<Record<string, string | number>>;

export class Log implements Logging {
  readonly #isJson: boolean;
  /** The least grave that is still told. */
  readonly #last: Level;
  readonly #detailed: Map<string, boolean>;

  readonly #output: NodeJS.WritableStream;

  constructor(
    { json = false, quiet = false, verbose = false }: GlobalOptions,
    output: NodeJS.WritableStream = process.stdout,
  ) {
    this.#output = output;
    this.#isJson = json;
    this.#last = quiet && !verbose ? 'warn' : 'info';
    this.#detailed = new Map(categories.map((each) => [each, verbose]));
  }

  get categories(): ReadonlyMap<string, boolean> {
    return this.#detailed;
  }

  setDetailed(category: string, isDetailed: boolean): void {
    this.#detailed.set(category, isDetailed);
  }

  error(message: string, facts: Facts = {}): void {
    this.#write('error', message, facts);
  }

  warn(message: string, facts: Facts = {}): void {
    this.#write('warn', message, facts);
  }

  info(message: string, facts: Facts = {}): void {
    this.#write('info', message, facts);
  }

  /** A detail, told where somebody asked for those of its kind. */
  debug(category: Category, message: string, facts: Facts = {}): void {
    if (this.#detailed.get(category)) this.#print('debug', message, facts);
  }

  #write(level: Level, message: string, facts: Facts): void {
    if (levels.indexOf(level) <= levels.indexOf(this.#last)) this.#print(level, message, facts);
  }

  #print(level: Level, message: string, facts: Facts): void {
    const time = new Date().toISOString();
    const told = Object.entries(facts).map(([name, fact]) => ` ${name}=${fact}`);
    const line = this.#isJson
      ? JSON.stringify({ time, level, message, ...facts })
      : `${time} ${level.padEnd(5)} ${message}${told.join('')}`;
    this.#output.write(`${line}\n`);
  }
}
