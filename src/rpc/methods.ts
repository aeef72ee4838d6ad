/** All methods, and how one is called. */
import type { Fields, Value } from './exact.ts';
import { codes, Failure, Misuse } from './failure.ts';
import { helpOf } from './help.ts';
import { type Context, type Method, method } from './method.ts';
import { chainMethods } from './methodschain.ts';
import { coinMethods } from './methodscoins.ts';
import { controlMethods } from './methodscontrol.ts';
import { createMethods } from './methodscreate.ts';
import { mempoolMethods } from './methodsmempool.ts';
import { miningMethods } from './methodsmining.ts';
import { networkMethods } from './methodsnetwork.ts';
import { proofMethods } from './methodsproof.ts';
import { statsMethods } from './methodsstats.ts';
import { Arguments, inOrder, usage } from './parameters.ts';
import type { Call } from './protocol.ts';

/** A call that runs, and when it began, in seconds since the start. */
interface Running {
  readonly method: string;
  readonly since: number;
}

function getRpcInfo(running: ReadonlySet<Running>): Method {
  return method('getrpcinfo', '', 'Tells which methods run.', (_asked, { uptime }) => ({
    active_commands: [...running].map(({ method, since }) => {
      return { method, duration: Math.round((uptime() - since) * 1e6) };
    }),
    // What the program tells goes to its output, and to no file.
    logpath: '',
  }));
}

/** All methods but the one that lists them. */
function groupsOf(running: ReadonlySet<Running>) {
  return [
    ['Blockchain', [...chainMethods, ...statsMethods, ...proofMethods]],
    ['Control', [...controlMethods, getRpcInfo(running)]],
    ['Mempool', mempoolMethods],
    ['Mining', miningMethods],
    ['Network', networkMethods],
    ['Transactions', [...coinMethods, ...createMethods]],
  ] as const;
}

/** Every method by its name. */
function methodsOf(running: ReadonlySet<Running>): ReadonlyMap<string, Method> {
  const groups = groupsOf(running);
  const about = 'Lists the methods, or tells of one.';
  const help = method('help', 'command:string?', about, (asked) => {
    const name = asked.text('command');
    const found = methods.get(name);
    if (found) return helpOf(found);
    if (name !== '') return `help: unknown command: ${name}`;
    const listed = groups.map(([title, members]) => {
      const lines = members.map((each) => usage(each.name, each.parameters));
      return [`== ${title} ==`, ...lines.toSorted()].join('\n');
    });
    return listed.join('\n\n');
  });
  const all = [...groups.flatMap(([, members]) => members), help];
  const methods = new Map(all.map((each) => [each.name, each]));
  return methods;
}

/** What answers every request of a node. */
export function callsTo(context: Context): Call {
  const running = new Set<Running>();
  const methods = methodsOf(running);
  return async (name, given) => {
    const found = methods.get(name);
    if (!found) throw new Failure(codes.methodNotFound, 'Method not found');
    const call = { method: name, since: context.uptime() };
    running.add(call);
    try {
      return await run(found, given, context);
    } finally {
      running.delete(call);
    }
  };
}

/** Core: RPCHelpMan::HandleRequest. */
async function run(
  found: Method,
  given: readonly Value[] | Fields,
  context: Context,
): Promise<Value> {
  const values = inOrder(found.parameters, given);
  const least = found.parameters.filter(({ isOptional }) => !isOptional).length;
  if (values.length < least || values.length > found.parameters.length) {
    throw new Failure(codes.misc, helpOf(found));
  }
  try {
    return await found.run(new Arguments(found.parameters, values), context);
  } catch (error) {
    throw error instanceof Misuse ? new Failure(codes.misc, helpOf(found)) : error;
  }
}
