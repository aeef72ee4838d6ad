/** Limits: everything that a stranger could make grow has a bound here, with a name. */

/** Of a message that is told to everybody: the longest payment is 400,000 bytes. */
export const maxGossipBytes = 400_000;

/** Headers in one answer. Core: MAX_HEADERS_RESULTS. */
export const maxHeaders = 2_000;
/** Hashes in a locator. Core: MAX_LOCATOR_SZ. */
export const maxLocator = 101;
/** Blocks asked for at once, as long as they are small. */
export const maxBlocksAsked = 128;
/** Ids of waiting payments in one answer. */
export const maxIds = 20_000;
/** Payments asked for at once. */
export const maxPaymentsAsked = 1_000;
/** A block of 4,000,000 weight has fewer payments: none is below 240. */
export const maxTransactions = 20_000;
/** Records of peers in one answer, and addresses in each. */
export const maxRecords = 100;
export const maxAddresses = 4;
/** A signed record, in bytes. */
export const maxRecordBytes = 1_000;
/** What a program calls itself to its peers, in bytes. */
export const maxAgentBytes = 64;
/** A server adds no further block to an answer that is this long, in bytes. */
export const answerBudgetBytes = 2_000_000;
/** The longest block, and room for what surrounds it, in bytes. */
export const maxBlockBytes = 4_000_000;
/** The longest answer of each kind, in bytes. */
export const maxAnswerBytes = {
  status: 200,
  headers: 3 + 1 + maxHeaders * 80,
  blocks: answerBudgetBytes + maxBlockBytes + 100,
  blocktxs: maxBlockBytes + 100,
  mempool: answerBudgetBytes + maxGossipBytes + 100,
  peers: 10 + maxRecords * (3 + maxRecordBytes),
} as const;
/** The longest question of each kind, in bytes. */
export const maxQuestionBytes = {
  status: 200,
  headers: 32 * maxLocator + 40,
  blocks: 32 * maxBlocksAsked + 10,
  blocktxs: 32 + 3 + 3 * maxTransactions,
  mempool: 32 * maxPaymentsAsked + 10,
  peers: 10,
} as const;

/** Requests that wait for one peer's answer at once; further ones wait here. */
export const maxRequestsToPeer = 4;
/** Requests of one peer that are worked on at once; further ones are refused. */
export const maxRequestsFromPeer = 8;
/** Those of one peer whose answers may be megabytes, until it has taken them; further ones wait. */
export const maxLongAnswers = 2;

/** Streams of one protocol over one connection: some linger a moment after their answer. */
export const maxStreams = 32;
/** Streams of one connection, whatever they speak. */
export const maxStreamsInAll = 256;
/** What may be under way on a stream beyond its bound before it is ended for it, in bytes. */
export const slackBytes = 1 << 20;
/** Streams over which a peer gossips: one, and another while the first one ends. */
export const maxGossipStreams = 2;
/**
 * Of gossip that waits to be sent to a peer, in bytes; above that its stream is ended. What is sent
 * at once, this and what fills the peer's window, never comes to what is held against us there.
 */
export const maxGossipOutBytes = 6 * maxGossipBytes;
/** Of gossip that comes at once, in bytes: several messages, and the gossip about them. */
export const maxGossipInBytes = 10 * maxGossipBytes;
/**
 * Messages of one peer a second, and how many at once, before anything is known of them: several
 * times what is heard in the end, for each comes from several peers.
 */
export const gossipPerSecond = 200;
export const gossipBurst = 1_100;
/** Who is new has not rested: a name costs him nothing, and may not be worth a burst. */
export const gossipAtFirst = 200;
/** Messages that wait until it is known whether who sent them is one of ours. */
export const maxGossipWaiting = 64;

/** Known-bad blocks that are remembered. */
export const maxBadHashes = 10_000;
/** Refused payments that are remembered until the next block. */
export const maxRefused = 10_000;
/** Peers whose headers lead below what we have, at once. */
export const maxLowWorkPeers = 8;
/** Headers that are kept of each of those: as far back as a rule looks. */
export const maxLowWorkHeaders = 2_016 + 11;
/** A branch must come up to our work less that of so many blocks before anything of it is kept. */
export const lowWorkBlocks = 144;
/** Headers whose blocks are not here yet. */
export const maxAheadHeaders = 2 * maxHeaders;
/** Blocks that are asked for ahead of the one that is next. */
export const maxAheadBlocks = 1_024;
/** Blocks that came ahead of the one that is next, in bytes. */
export const maxAheadBytes = 64_000_000;

/** Payments of one peer a second, and how many at once after a rest. */
export const paymentsPerSecond = 50;
export const paymentBurst = 1_000;
/** Signature checks that one peer may cost us a second. */
export const checksPerSecond = 200;
export const checkBurst = 4_000;
/** Headers that one peer may tell a second, and how many at once after a rest. */
export const announcementsPerSecond = 10;
export const announcementBurst = 100;
/** Requests that a peer may make a second, weighed by what each costs; see `serve.ts`. */
export const costPerSecond = 200;
export const costBurst = 2_000;

/** Connections in all, whoever made them. */
export const maxPeers = 64;
/** Connections that others made, in all and from one address. */
export const maxInbound = 48;
export const maxInboundPerAddress = 8;
/** Connections to one peer: two where both sides called at the same moment. */
export const maxConnectionsToPeer = 2;
/** Sockets of a listener of WebSockets, those that say nothing included. */
export const maxSockets = 2 * maxPeers;
/** Connections that we make, beside those that a person named. */
export const targetOutbound = 8;
/** Peers that are remembered. */
export const maxRemembered = 1_000;
/** Addresses that may be dialled, beside those that a person named. */
export const maxCandidates = 1_000;
/** Addresses that nobody here named are forgotten when so many calls found nobody. */
export const maxFailures = 8;

/** A peer is left after so much that is not provably its fault. */
export const maxStrikes = 5;
/** Names and single addresses that are banned; whole subnets are banned by a person alone. */
export const maxBans = 1_000;
/** Peers that were left and are kept away for a while. */
export const maxShunned = 1_000;
