/** The methods that tell of the program itself, and stop it. */
import { badParameter, codes, Failure } from './failure.ts';
import { type Logging, type Method, method, type Run } from './method.ts';
import { textOf } from './parameters.ts';

const stop: Run = (_asked, context) => {
  context.stop();
  return 'chain stopping';
};

/** The last that a header can say. */
const lastTime = 0xffff_ffff;

/** Only where blocks cost nothing, for elsewhere whoever has another time is left behind. */
const setMockTime: Run = (asked, { node, setTime }) => {
  if (node.chain.params.difficulty.rule !== 'none') {
    const problem = 'setmocktime is for regression testing (-regtest mode) only';
    throw new Failure(codes.misc, problem);
  }
  const time = asked.long('timestamp');
  if (time < 0 || time > lastTime) {
    throw badParameter(`Mocktime must be in the range [0, ${lastTime}], not ${time}.`);
  }
  setTime(time);
  return null;
};

const logging: Run = (asked, context) => {
  const wanted = [
    ...asked.list('include').map((each) => [textOf(each), true] as const),
    ...asked.list('exclude').map((each) => [textOf(each), false] as const),
  ];
  for (const [name, isDetailed] of wanted) {
    for (const each of categoriesOf(name, context.logging)) {
      context.logging.setDetailed(each, isDetailed);
    }
  }
  return Object.fromEntries(context.logging.categories);
};

function categoriesOf(name: string, { categories }: Logging): readonly string[] {
  if (['', '1', 'all'].includes(name)) return [...categories.keys()];
  if (categories.has(name)) return [name];
  throw badParameter(`unknown logging category ${name}`);
}

export const controlMethods: readonly Method[] = [
  method('uptime', '', 'Tells since how many seconds the node runs.', (_asked, context) =>
    Math.floor(context.uptime()),
  ),
  method('setmocktime', 'timestamp:number', 'Stops the clock at a time.', setMockTime),
  method(
    'logging',
    'include:array? exclude:array?',
    'Tells which kinds of event are logged in every detail, and changes it.',
    logging,
  ),
  method('stop', '', 'Stops the node.', stop),
];
