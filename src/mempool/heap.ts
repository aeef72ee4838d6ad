/**
 * A heap: many things of which the first by some order is wanted, again and again.
 *
 * It knows where each of them is, so one that changed finds its new place, and any can be removed.
 */

export class Heap<T> {
  readonly #isBefore: (one: T, other: T) => boolean;
  /** None is before the one at half its place: the tree of a textbook, in rows. */
  readonly #items: T[] = [];
  readonly #places = new Map<T, number>();

  /** `isBefore` tells any two apart, so that what comes first does not hang on history. */
  constructor(isBefore: (one: T, other: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  /** Adds the item, or moves it to where it belongs now. */
  set(item: T): void {
    const place = this.#places.get(item) ?? this.#items.length;
    this.#put(item, place);
    this.#rise(place);
    this.#sink(this.#places.get(item) ?? place);
  }

  delete(item: T): void {
    const place = this.#places.get(item);
    const last = this.#items.pop();
    if (place === undefined || last === undefined) {
      throw new Error('assertion failed: what is not in the heap was deleted');
    }
    this.#places.delete(item);
    if (last === item) return;
    this.#put(last, place);
    this.set(last);
  }

  #rise(from: number): void {
    for (let place = from; place > 0; ) {
      const above = (place - 1) >> 1;
      if (!this.#isEarlier(place, above)) return;
      this.#swap(place, above);
      place = above;
    }
  }

  #sink(from: number): void {
    for (let place = from; ; ) {
      const left = 2 * place + 1;
      const child = this.#isEarlier(left + 1, left) ? left + 1 : left;
      if (!this.#isEarlier(child, place)) return;
      this.#swap(place, child);
      place = child;
    }
  }

  #isEarlier(place: number, other: number): boolean {
    const one = this.#items[place];
    const two = this.#items[other];
    return one !== undefined && two !== undefined && this.#isBefore(one, two);
  }

  #swap(place: number, other: number): void {
    const one = this.#items[place];
    const two = this.#items[other];
    if (one === undefined || two === undefined) return;
    this.#put(one, other);
    this.#put(two, place);
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    this.#places.set(item, place);
  }
}
