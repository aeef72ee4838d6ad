/** The help of a method: how it is called, what it is called with, what it gives, an example. */
import { chainHelp } from './helpchain.ts';
import { networkHelp } from './helpnetwork.ts';
import { paymentHelp } from './helppayment.ts';
import { type Parameter, usage } from './parameters.ts';

/** What is told of a method beside what it does. */
export interface HelpText {
  /** Each parameter by its name, what it is. */
  readonly arguments?: Readonly<Record<string, string>>;
  readonly result: string;
  /** What follows the name of the method in a call at the command line. */
  readonly example?: string;
}

const texts: Readonly<Record<string, HelpText>> = { ...chainHelp, ...networkHelp, ...paymentHelp };

/** What stands there until a method has a text of its own. */
const otherwise: HelpText = { result: 'As in Bitcoin Core 30, whose help tells more.' };

/** Core: RPCHelpMan::ToString. */
export function helpOf(method: {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly help: string;
}): string {
  const { name, parameters, help } = method;
  const { arguments: told = {}, result, example } = texts[name] ?? otherwise;
  const widest = Math.max(...parameters.map(({ names: [first = ''] }) => first.length));
  const lines = parameters.map(({ names: [first = ''], type, isOptional }, i) => {
    const kind = `(${kinds[type] ?? type}, ${isOptional ? 'optional' : 'required'})`;
    return `${i + 1}. ${first.padEnd(widest)}    ${kind} ${told[first] ?? ''}`.trimEnd();
  });
  const parts = [
    usage(name, parameters),
    help,
    ...(lines.length > 0 ? [['Arguments:', ...lines].join('\n')] : []),
    `Result:\n${result}`,
    ...(name in texts ? [`Examples:\n> ${['chain rpc', name, example].join(' ').trim()}`] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Core's words for the types of parameters. */
const kinds: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'numeric',
  bool: 'boolean',
  array: 'json array',
  object: 'json object',
  amount: 'numeric or string',
  any: 'any',
};
