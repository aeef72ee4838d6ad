/**
 * The connections that are open, of which there are so many and no more.
 *
 * Strangers could take all places with connections on which nothing ever happens, and lock the
 * owner out. So none is refused for theirs: who comes when all places are taken gets that of the
 * stranger who has been here longest and for whom nothing is done just now. Whoever has shown once
 * on a connection that he may ask is no stranger on it, and gives his place up last.
 */
import type { Socket } from 'node:net';

interface Place {
  isStranger: boolean;
  /** The requests that are worked on. */
  requests: number;
}

export class Connections {
  readonly #most: number;
  /** Who came first stands first. */
  readonly #places = new Map<Socket, Place>();
  /** All that are open, those too that became web sockets. */
  readonly #open = new Set<Socket>();
  #received = 0;
  #sent = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** The bytes that came and went since the start. */
  get bytes(): { readonly received: number; readonly sent: number } {
    let [received, sent] = [this.#received, this.#sent];
    for (const { bytesRead, bytesWritten } of this.#open) {
      received += bytesRead;
      sent += bytesWritten;
    }
    return { received, sent };
  }

  enter(socket: Socket): void {
    this.#open.add(socket);
    socket.on('close', () => this.#leave(socket));
    if (this.#places.size >= this.#most && !this.#makeRoom()) socket.destroy();
    else this.#places.set(socket, { isStranger: true, requests: 0 });
  }

  /** Sees that nobody takes this place while a request is worked on; answers how to end that. */
  work(socket: Socket, isOwner: boolean): () => void {
    const place = this.#places.get(socket);
    if (!place) return () => {};
    if (isOwner) place.isStranger = false;
    place.requests++;
    return () => place.requests--;
  }

  /** Gives up the place of a connection that others count from now on. */
  hand(socket: Socket): void {
    this.#places.delete(socket);
  }

  #leave(socket: Socket): void {
    this.#places.delete(socket);
    this.#open.delete(socket);
    this.#received += socket.bytesRead;
    this.#sent += socket.bytesWritten;
  }

  #makeRoom(): boolean {
    const idle = [...this.#places].filter(([, { requests }]) => requests === 0);
    const [socket] = idle.find(([, { isStranger }]) => isStranger) ?? idle[0] ?? [];
    if (!socket) return false;
    this.#places.delete(socket);
    socket.destroy();
    return true;
  }
}
