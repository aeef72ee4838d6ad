/** The routes of a node: all that its HTTP server answers, a line each. */
import type { Node } from '../node/node.ts';
import { answer, type Call } from '../rpc/protocol.ts';
import { apiRoute } from './api.ts';
import type { Answer, Route } from './route.ts';

/** Answers the body of a command. */
type DoorAnswer = (body: string, signal: AbortSignal) => Promise<Answer>;

export function routesOf(node: Node, call: Call, door: DoorAnswer): readonly Route[] {
  const clock = () => performance.now() / 1_000;
  return [
    { method: 'POST', path: '/', admits: 'owner', answer: ({ body }) => answer(body, call) },
    { method: 'POST', path: '/door', admits: 'owner', answer: (it) => door(it.body, it.signal) },
    { method: 'GET', path: '/health', admits: 'anybody', answer: () => health(node) },
    apiRoute({ node, call, clock }),
  ];
}

function health({ chain: { params, tip } }: Node): Answer {
  const told = { status: 'ok', network: params.name, height: tip.height };
  return { status: 200, body: `${JSON.stringify(told)}\n` };
}
