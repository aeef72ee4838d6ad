/** The methods that tell of the program itself, and stop it. */
import { type Method, method, type Run } from './method.ts';

const stop: Run = (_asked, context) => {
  context.stop();
  return 'chain stopping';
};

export const controlMethods: readonly Method[] = [
  method('uptime', '', 'Tells since how many seconds the node runs.', (_asked, context) =>
    Math.floor(context.uptime()),
  ),
  method('stop', '', 'Stops the node.', stop),
];
