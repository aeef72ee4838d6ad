/** A route: what the HTTP server answers at a path, and whom. */
import type { OutgoingHttpHeaders } from 'node:http';

export interface Route {
  /** Whoever may GET may ask for the HEAD alone. */
  readonly method: 'GET' | 'POST';
  /** All of it; where it ends in `/*`, any word may stand there. */
  readonly path: string;
  /** Pages are those that a browser shows: our own ones, or none. The owner may come from any. */
  readonly admits: 'anybody' | 'no foreign page' | 'owner';
  readonly answer: (asked: Asked) => Answer | Promise<Answer>;
}

/** A request that was let in. */
export interface Asked {
  /** What stands where the path has `*`. */
  readonly word: string;
  readonly query: URLSearchParams;
  readonly body: string;
  /** The same for all that is asked on one connection. */
  readonly connection: object;
  /** Says when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** What goes back; JSON where the headers do not say otherwise. */
export interface Answer {
  readonly status: number;
  readonly body: string | undefined;
  readonly headers?: OutgoingHttpHeaders;
}

export interface FoundRoute {
  readonly route: Route;
  readonly word: string;
}

/** The routes of a path, whichever way it is asked. */
export function findRoutes(routes: readonly Route[], path: string): readonly FoundRoute[] {
  return routes.flatMap((route): FoundRoute[] => {
    if (!route.path.endsWith('/*')) return route.path === path ? [{ route, word: '' }] : [];
    const begin = route.path.slice(0, -1);
    const word = path.slice(begin.length);
    return path.startsWith(begin) && /^\w+$/.test(word) ? [{ route, word }] : [];
  });
}
