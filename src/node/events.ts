/** Events: what happens in a node, told to whoever listens the moment that it can be asked for. */
import type { Change } from '../chain/chain.ts';
import type { Entry } from '../chain/entry.ts';
import type { Member } from '../mempool/member.ts';
import type { Block } from '../primitives/block.ts';

export type NodeEvent =
  /** A block joined the active chain, whose tip it need not be any more. */
  | { readonly kind: 'block'; readonly block: Block; readonly height: number }
  /** The tip moved to another branch; its blocks follow as events of their own. */
  | { readonly kind: 'reorg'; readonly change: Change; readonly tip: Entry }
  /** A payment waits now. */
  | { readonly kind: 'tx'; readonly member: Member };

export type Listener = (event: NodeEvent) => void;

/** Who listens. A listener is called at once and must not throw: it is part of the node's work. */
export class Events {
  readonly #listeners = new Set<Listener>();

  /** Answers how to listen no more. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: NodeEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** Tells what a change of the chain did, which ended at this tip. */
  emitChange(change: Change, tip: Entry): void {
    if (change.disconnected.length > 0) this.emit({ kind: 'reorg', change, tip });
    const first = tip.height - change.connected.length + 1;
    for (const [i, block] of change.connected.entries()) {
      this.emit({ kind: 'block', block, height: first + i });
    }
  }
}
