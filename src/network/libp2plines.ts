/**
 * The lines: to whom there is a connection, from its first to its last moment.
 *
 * A peer is ready once it has said that it speaks for this network and gossip can reach it; until
 * then nobody hears of it, and what it says waits. One that does not come so far in time is hung up
 * on, as are those of other networks.
 */
import type { Connection, PeerId as Libp2pPeerId, Stream } from '@libp2p/interface';
import type { Handlers, PeerId, Timers } from './boundary.ts';
import { Asker } from './libp2prequest.ts';

/** From a connection to a peer that is ready. */
const meetingMs = 10_000;
/** No event tells when gossipsub has opened its stream: that is looked at so often. */
const lookMs = 15;

export interface Line {
  readonly id: PeerId;
  readonly peer: Libp2pPeerId;
  /** The first one; others may come when both dial at once. */
  readonly connection: Connection;
  readonly asker: Asker;
  /** By our clock. */
  readonly since: number;
  /** Says whether it became ready, once that is known. */
  readonly met: Promise<boolean>;
  readonly meet: (isReady: boolean) => void;
  isReady: boolean;
  /** Has it said what it speaks? */
  isIdentified: boolean;
  gossip: Stream | undefined;
  callOff: () => void;
}

export interface LinesParts {
  readonly prefix: string;
  readonly timers: Timers;
  readonly connectionsOf: (peer: Libp2pPeerId) => readonly Connection[];
  readonly gossipTo: (peer: Libp2pPeerId, all: readonly Connection[]) => Stream | undefined;
  readonly onPeer: Handlers['onPeer'];
  /** The last of a peer that was or was not ready. */
  readonly onEnd: (line: Line) => void;
}

export class Lines {
  readonly #parts: LinesParts;
  readonly #lines = new Map<PeerId, Line>();

  constructor(parts: LinesParts) {
    this.#parts = parts;
  }

  get(peer: PeerId): Line | undefined {
    return this.#lines.get(peer);
  }

  ready(): readonly Line[] {
    return [...this.#lines.values()].filter(({ isReady }) => isReady);
  }

  async whenReady(peer: PeerId): Promise<boolean> {
    return (await this.#lines.get(peer)?.met) ?? false;
  }

  /** A connection is there, of which we know no more than whose it is. */
  open(connection: Connection): void {
    const id = `${connection.remotePeer}`;
    if (this.#lines.has(id)) return;
    const { timers, prefix, connectionsOf } = this.#parts;
    const open = () => connectionsOf(connection.remotePeer).find(({ status }) => status === 'open');
    const { promise: met, resolve: meet } = Promise.withResolvers<boolean>();
    this.#lines.set(id, {
      ...{ id, peer: connection.remotePeer, connection, met, meet },
      asker: new Asker({ peer: id, prefix, timers, connection: open }),
      since: timers.nowMs(),
      isReady: false,
      isIdentified: false,
      gossip: undefined,
      callOff: timers.after(meetingMs, () => this.hangUp(id, 'it does not say what it speaks')),
    });
  }

  /** It speaks for this network. */
  identify(peer: PeerId): void {
    const line = this.#lines.get(peer);
    if (!line || line.isIdentified) return;
    line.isIdentified = true;
    const { callOff } = line;
    let endLook = () => {};
    line.callOff = () => {
      callOff();
      endLook();
    };
    const look = () => {
      if (this.#isWelcome(line)) this.#welcome(line);
      else endLook = this.#parts.timers.after(lookMs, look);
    };
    look();
  }

  /** Seen twice: gossipsub takes a stream into use a moment after it is there. */
  #isWelcome(line: Line): boolean {
    const { connectionsOf, gossipTo } = this.#parts;
    const before = line.gossip;
    line.gossip = gossipTo(line.peer, connectionsOf(line.peer));
    return line.gossip !== undefined && line.gossip === before;
  }

  #welcome(line: Line): void {
    line.callOff();
    line.isReady = true;
    line.gossip?.addEventListener('close', () => this.#onSilence(line));
    this.#parts.onPeer(line.id, 'ready');
    line.meet(true);
  }

  /** Nothing that is told reaches it any more, and never will over these connections. */
  #onSilence(line: Line): void {
    if (this.#lines.get(line.id) === line) this.hangUp(line.id, 'gossip does not get through');
  }

  /** Ends all connections to a peer, at once. */
  hangUp(peer: PeerId, why: string): void {
    const line = this.#take(peer);
    if (!line) return;
    for (const connection of this.#parts.connectionsOf(line.peer)) cut(connection, why);
    this.#part(line);
  }

  /** Its last connection is gone. */
  end(peer: PeerId): void {
    const line = this.#take(peer);
    if (line) this.#part(line);
  }

  /** Taken away first: streams that end meanwhile must not end it again. */
  #take(peer: PeerId): Line | undefined {
    const line = this.#lines.get(peer);
    this.#lines.delete(peer);
    line?.callOff();
    return line;
  }

  #part(line: Line): void {
    line.asker.end();
    line.meet(false);
    if (line.isReady) this.#parts.onPeer(line.id, 'gone');
    this.#parts.onEnd(line);
  }

  hangUpAll(): void {
    for (const peer of [...this.#lines.keys()]) this.hangUp(peer, 'this node stops');
  }
}

function cut(connection: Connection, why: string): void {
  try {
    connection.abort(new Error(why));
  } catch (error) {
    // It says goodbye on its way out, which fails where the other side has closed just now.
    if (connection.status === 'open') throw error;
  }
}
