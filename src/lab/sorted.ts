/**
 * A sorted map that never changes: adding to it gives another one, which shares most of it.
 *
 * A treap: a tree in the order of its keys that is also a heap in the order of their ranks. The
 * rank is a hash of the key, so the shape hangs on what is in it alone and is shallow. Keeping an
 * old state of a database then costs nothing, and neither does going back to one.
 */

export interface Sorted<V> {
  readonly key: string;
  readonly value: V;
  readonly rank: number;
  readonly left: Sorted<V> | undefined;
  readonly right: Sorted<V> | undefined;
}

/** A map; nothing is the empty one. */
export type SortedMap<V> = Sorted<V> | undefined;

/** FNV-1a, with the last steps of MurmurHash3: keys that differ in one bit rank far apart. */
function rankOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export function lookUp<V>(map: SortedMap<V>, key: string): V | undefined {
  let at = map;
  while (at && at.key !== key) at = key < at.key ? at.left : at.right;
  return at?.value;
}

/** The map with this key, whether or not it was there before. */
export function withKey<V>(map: SortedMap<V>, key: string, value: V): Sorted<V> {
  return put(map, { key, value, rank: rankOf(key), left: undefined, right: undefined });
}

function put<V>(map: SortedMap<V>, added: Sorted<V>): Sorted<V> {
  if (!map) return added;
  if (added.key === map.key) return { ...map, value: added.value };
  if (added.key < map.key) {
    const left = put(map.left, added);
    // The child that outranks its parent goes above it.
    return left.rank > map.rank
      ? { ...left, right: { ...map, left: left.right } }
      : { ...map, left };
  }
  const right = put(map.right, added);
  return right.rank > map.rank
    ? { ...right, left: { ...map, right: right.left } }
    : { ...map, right };
}

/** The map without this key. */
export function withoutKey<V>(map: SortedMap<V>, key: string): SortedMap<V> {
  if (!map) return undefined;
  if (key === map.key) return join(map.left, map.right);
  return key < map.key
    ? { ...map, left: withoutKey(map.left, key) }
    : { ...map, right: withoutKey(map.right, key) };
}

/** Two maps as one, where all keys of the first are below those of the second. */
function join<V>(left: SortedMap<V>, right: SortedMap<V>): SortedMap<V> {
  if (!left || !right) return left ?? right;
  return left.rank > right.rank
    ? { ...left, right: join(left.right, right) }
    : { ...right, left: join(left, right.left) };
}

/** Which keys to walk over: from `gte` on and before `lt`. */
export interface Span {
  readonly gte?: string | undefined;
  readonly lt?: string | undefined;
  readonly isReverse?: boolean | undefined;
}

/** The keys and values, in order. */
export function* walk<V>(
  map: SortedMap<V>,
  span: Span = {},
): Iterable<readonly [key: string, value: V]> {
  const { gte = '', lt, isReverse = false } = span;
  /** Those whose own turn, and whose further side, is still to come. */
  const above: Sorted<V>[] = [];
  const descend = (from: SortedMap<V>) => {
    let at = from;
    while (at) {
      const isBelow = at.key < gte;
      const isIn = !isBelow && (lt === undefined || at.key < lt);
      if (isIn) above.push(at);
      // Where it is outside, the way in is to the other side.
      const isLeft = isIn ? !isReverse : !isBelow;
      at = isLeft ? at.left : at.right;
    }
  };
  descend(map);
  for (let next = above.pop(); next; next = above.pop()) {
    yield [next.key, next.value];
    descend(isReverse ? next.left : next.right);
  }
}
