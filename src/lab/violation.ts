/** Something that must never be: it ends the story in which it is seen. */
export class Violation extends Error {
  override readonly name = 'Violation';
}
