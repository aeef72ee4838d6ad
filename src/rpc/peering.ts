/** What methods may ask of the network of peers, whoever runs it. */

/** Another node that is connected. Times are seconds since 1970, 0 where nothing came yet. */
export interface Peer {
  /** Counted from 0, and never given twice while the node runs. */
  readonly id: number;
  /** A multiaddr, or host:port. */
  readonly address: string;
  /** Our end of the connection. */
  readonly localAddress?: string;
  readonly isInbound: boolean;
  /** Somebody added it. */
  readonly isManual: boolean;
  /** What it says it is, as `/chain:0.1.0/`. */
  readonly agent: string;
  /** Of the protocol that it speaks. */
  readonly version: number;
  readonly connectedAt: number;
  readonly lastSent: number;
  readonly lastReceived: number;
  readonly lastPayment: number;
  readonly lastBlock: number;
  readonly sent: Traffic;
  readonly received: Traffic;
  /** Its clock less ours, in seconds. */
  readonly clockOffset: number;
  /** The time a ping took there and back, in seconds: the last one, the fastest, one under way. */
  readonly ping: { readonly last?: number; readonly least?: number; readonly waiting?: number };
  /** The highest header and block that it and we both have; -1 where it is not known. */
  readonly headers: number;
  readonly blocks: number;
  /** The heights of the blocks that it was asked for. */
  readonly awaited: readonly number[];
}

/** Bytes, in all and by the kind of message. */
interface Traffic {
  readonly bytes: number;
  readonly byKind: Readonly<Record<string, number>>;
}

/** A node that somebody added: we stay connected to it, or try to be. */
export interface AddedNode {
  /** As it was given. */
  readonly address: string;
  /** The connections there are to it. */
  readonly connections: readonly { readonly address: string; readonly isInbound: boolean }[];
}

/** Who is not let in. Times are seconds since 1970. */
export interface Ban {
  /** A subnet or a peer's key, in its one way to be written; see `parseSubject`. */
  readonly subject: string;
  readonly since: number;
  readonly until: number;
}

/** Who is banned. Bans that have ended are no bans. */
export interface Bans {
  /** In the order of their subjects. */
  list(): readonly Ban[];
  /** Is this one banned, an address or a peer's key, by itself or as one of many? */
  isBanned(who: string): boolean;
  /** Whoever is meant is hung up on. A ban that is there and lasts longer stays as it is. */
  add(subject: string, until: number): void;
  /** Was there such a ban? */
  remove(subject: string): boolean;
  clear(): void;
}

export interface Peering {
  readonly bans: Bans;
  peers(): readonly Peer[];
  /** All bytes since the start. */
  totals(): { readonly sentBytes: number; readonly receivedBytes: number };
  added(): readonly AddedNode[];
  /** False where it was there before. */
  add(address: string): boolean;
  /** False where it was not there. */
  remove(address: string): boolean;
  /** Tries to connect, once. */
  tryOnce(address: string): void;
  /** Hangs up on who has this address or number. False where nobody has. */
  disconnect(who: string | number): boolean;
  /** Measures how long a message takes to all peers and back. */
  pingAll(): void;
  readonly isActive: boolean;
  /** Hangs up on everybody and lets nobody in, or begins again. */
  setActive(isActive: boolean): void;
}
