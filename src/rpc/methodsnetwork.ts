/** The methods that tell of peers, connect to them and ban them. */
import { minFeeRate } from '../primitives/standard.ts';
import { parseSubject } from '../primitives/subnet.ts';
import { coins, type Fields } from './exact.ts';
import { badParameter, codes, Failure, Misuse } from './failure.ts';
import { type Method, method, type Run } from './method.ts';
import type { Peer } from './peering.ts';

/** The version of Core whose JSON-RPC this is: programs look at it to know what they may ask. */
const spokenVersion = 300_000;
const protocolVersion = 70_016;

/** None of the services of Bitcoin's are offered, for peers here do not speak its protocol. */
const noServices: Fields = { services: '0000000000000000', servicesnames: [] };

const getNetworkInfo: Run = (_asked, { version, peering }) => {
  const peers = peering.peers();
  const inbound = peers.filter(({ isInbound }) => isInbound).length;
  return {
    version: spokenVersion,
    subversion: `/chain:${version}/`,
    protocolversion: protocolVersion,
    localservices: noServices['services'],
    localservicesnames: [],
    localrelay: true,
    timeoffset: 0,
    networkactive: peering.isActive,
    connections: peers.length,
    connections_in: inbound,
    connections_out: peers.length - inbound,
    networks: [],
    relayfee: coins(minFeeRate),
    incrementalfee: coins(minFeeRate),
    localaddresses: [],
    warnings: [],
  };
};

/** Core: getpeerinfo. What belongs to Bitcoin's protocol alone stands there as it is without. */
function peerFields(peer: Peer): Fields {
  const { ping, sent, received } = peer;
  return {
    id: peer.id,
    addr: peer.address,
    addrbind: peer.localAddress,
    network: 'not_publicly_routable',
    ...noServices,
    relaytxes: true,
    last_inv_sequence: 0,
    inv_to_send: 0,
    lastsend: peer.lastSent,
    lastrecv: peer.lastReceived,
    last_transaction: peer.lastPayment,
    last_block: peer.lastBlock,
    bytessent: sent.bytes,
    bytesrecv: received.bytes,
    conntime: peer.connectedAt,
    timeoffset: peer.clockOffset,
    pingtime: ping.last,
    minping: ping.least,
    pingwait: ping.waiting,
    version: peer.version,
    subver: peer.agent,
    inbound: peer.isInbound,
    bip152_hb_to: false,
    bip152_hb_from: false,
    presynced_headers: -1,
    synced_headers: peer.headers,
    synced_blocks: peer.blocks,
    inflight: peer.awaited,
    addr_relay_enabled: true,
    addr_processed: 0,
    addr_rate_limited: 0,
    permissions: [],
    minfeefilter: coins(0n),
    bytessent_per_msg: sent.byKind,
    bytesrecv_per_msg: received.byKind,
    connection_type: typeOf(peer),
    transport_protocol_type: 'v1',
    session_id: '',
  };
}

function typeOf({ isInbound, isManual }: Peer): string {
  if (isInbound) return 'inbound';
  return isManual ? 'manual' : 'outbound-full-relay';
}

/** There is no bound on what is sent, and so neither a cycle nor a target. */
const getNetTotals: Run = (_asked, { peering, now }) => {
  const { sentBytes, receivedBytes } = peering.totals();
  return {
    totalbytesrecv: receivedBytes,
    totalbytessent: sentBytes,
    timemillis: now() * 1_000,
    uploadtarget: {
      timeframe: 86_400,
      target: 0,
      target_reached: false,
      serve_historical_blocks: true,
      bytes_left_in_cycle: 0,
      time_left_in_cycle: 0,
    },
  };
};

const getAddedNodeInfo: Run = (asked, { peering }) => {
  const all = peering.added();
  const chosen = all.filter(({ address }) => !asked.has('node') || address === asked.text('node'));
  if (asked.has('node') && chosen.length === 0) {
    throw new Failure(codes.notAdded, 'Error: Node has not been added.');
  }
  return chosen.map(({ address, connections }) => ({
    addednode: address,
    connected: connections.length > 0,
    addresses: connections.map(({ address: at, isInbound }) => {
      return { address: at, connected: isInbound ? 'inbound' : 'outbound' };
    }),
  }));
};

const addNode: Run = (asked, { peering }) => {
  const [node, command] = [asked.text('node'), asked.text('command')];
  if (!['add', 'remove', 'onetry'].includes(command)) throw new Misuse();
  if (asked.flag('v2transport', false)) {
    const problem = 'Error: v2transport requested but not enabled (see -v2transport)';
    throw badParameter(problem);
  }
  if (command === 'onetry') peering.tryOnce(node);
  else if (command === 'add' && !peering.add(node)) {
    throw new Failure(codes.alreadyAdded, 'Error: Node already added');
  } else if (command === 'remove' && !peering.remove(node)) {
    const problem = 'Error: Node could not be removed. It has not been added previously.';
    throw new Failure(codes.notAdded, problem);
  }
  return null;
};

const disconnectNode: Run = (asked, { peering }) => {
  const [address, id] = [asked.text('address'), asked.has('nodeid')];
  if (id ? address !== '' : !asked.has('address')) {
    const problem = 'Only one of address and nodeid should be provided.';
    throw new Failure(codes.invalidParameters, problem);
  }
  if (peering.disconnect(id ? asked.whole('nodeid') : address)) return null;
  throw new Failure(codes.peerNotConnected, 'Node not found in connected nodes');
};

const setNetworkActive: Run = (asked, { peering }) => {
  peering.setActive(asked.flag('state', true));
  return peering.isActive;
};

/** A day. Core: DEFAULT_MISBEHAVING_BANTIME. */
const banSeconds = 24 * 3_600;

const setBan: Run = (asked, { peering: { bans }, now }) => {
  const command = asked.text('command');
  if (command !== 'add' && command !== 'remove') throw new Misuse();
  const text = asked.text('subnet');
  const subject = parseSubject(text);
  if (subject === undefined) throw new Failure(codes.badSubnet, 'Error: Invalid IP/Subnet');
  if (command === 'remove') {
    if (bans.remove(subject)) return null;
    const problem = 'Requested address/subnet was not previously manually banned.';
    throw new Failure(codes.badSubnet, `Error: Unban failed. ${problem}`);
  }
  const isThere = text.includes('/')
    ? bans.list().some((ban) => ban.subject === subject)
    : bans.isBanned(subject);
  if (isThere) throw new Failure(codes.alreadyAdded, 'Error: IP/Subnet already banned');
  const time = asked.long('bantime');
  const isAbsolute = asked.flag('absolute', false);
  if (isAbsolute && time < now()) {
    throw badParameter('Error: Absolute timestamp is in the past');
  }
  const isTimed = time > 0;
  bans.add(subject, isAbsolute && isTimed ? time : now() + (isTimed ? time : banSeconds));
  return null;
};

const listBanned: Run = (_asked, { peering, now }) =>
  peering.bans.list().map(({ subject, since, until }) => ({
    address: subject,
    ban_created: since,
    banned_until: until,
    ban_duration: until - since,
    time_remaining: until - now(),
  }));

export const networkMethods: readonly Method[] = [
  method('getnetworkinfo', '', 'Tells of the network.', getNetworkInfo),
  method('getpeerinfo', '', 'Tells of every peer.', (_asked, { peering }) =>
    peering.peers().map(peerFields),
  ),
  method('getconnectioncount', '', 'Counts the peers.', (_asked, { peering }) => {
    return peering.peers().length;
  }),
  method('getaddednodeinfo', 'node:string?', 'Tells of added nodes.', getAddedNodeInfo),
  method('getnettotals', '', 'Counts the bytes that went over the network.', getNetTotals),
  method('ping', '', 'Sends all peers a ping.', (_asked, { peering }) => {
    peering.pingAll();
    return null;
  }),
  method(
    'addnode',
    'node:string command:string v2transport:bool?',
    'Adds a node to stay connected to, removes one, or tries one once.',
    addNode,
  ),
  method('disconnectnode', 'address:string? nodeid:number?', 'Hangs up on a peer.', disconnectNode),
  method('setnetworkactive', 'state:bool', 'Switches the network on or off.', setNetworkActive),
  method('listbanned', '', 'Tells who is banned.', listBanned),
  method(
    'setban',
    'subnet:string command:string bantime:number? absolute:bool?',
    'Bans an address, a subnet or the key of a peer, or ends such a ban.',
    setBan,
  ),
  method('clearbanned', '', 'Ends all bans.', (_asked, { peering }) => {
    peering.bans.clear();
    return null;
  }),
];
