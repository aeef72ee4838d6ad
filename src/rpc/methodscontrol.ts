/** The methods that tell of the program itself, and stop it. */
import { minFeeRate } from '../primitives/standard.ts';
import { coins } from './exact.ts';
import { type Method, method, type Run } from './method.ts';

/** The version of Core whose JSON-RPC this is: programs look at it to know what they may ask. */
const spokenVersion = 300_000;
const protocolVersion = 70_016;

/** No network yet: nobody is connected, and none of the services of Bitcoin's are offered. */
const getNetworkInfo: Run = (_asked, { version }) => ({
  version: spokenVersion,
  subversion: `/chain:${version}/`,
  protocolversion: protocolVersion,
  localservices: '0000000000000000',
  localservicesnames: [],
  localrelay: false,
  timeoffset: 0,
  networkactive: false,
  connections: 0,
  connections_in: 0,
  connections_out: 0,
  networks: [],
  relayfee: coins(minFeeRate),
  incrementalfee: coins(minFeeRate),
  localaddresses: [],
  warnings: [],
});

const stop: Run = (_asked, context) => {
  context.stop();
  return 'chain stopping';
};

export const controlMethods: readonly Method[] = [
  method('getnetworkinfo', '', 'Tells of the network.', getNetworkInfo),
  method('getpeerinfo', '', 'Tells of the peers; there are none yet.', () => []),
  method('getconnectioncount', '', 'Counts the peers.', () => 0),
  method('uptime', '', 'Tells since how many seconds the node runs.', (_asked, context) =>
    Math.floor(context.uptime()),
  ),
  method('stop', '', 'Stops the node.', stop),
];
