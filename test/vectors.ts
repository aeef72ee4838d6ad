/**
 * Outside evidence: published vectors and real blocks that nobody here made up.
 *
 * They lie beside the project and never in it, or where CHAIN_VECTORS points. Nothing is read until
 * a test asks, so that a file of tests can be loaded, and be seen to skip, where they are absent.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll } from 'vitest';

const { CHAIN_VECTORS = join(import.meta.dirname, '../../shared/vectors') } = process.env;
const folder = resolve(CHAIN_VECTORS);

/** Is the evidence here? Suites that rest on it are skipped where it is not. */
export const hasVectors = existsSync(folder);

/** What the file holds. A file that is missing from a folder that exists is a failure. */
export function vectorBytes(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(folder, path)));
}

/** The file as text. */
export function vectorText(path: string): string {
  return readFileSync(join(folder, path), 'utf8');
}

/** The file as JSON. Its shape is the publisher's promise, and each test counts what it read. */
export function vectorJson<T>(path: string): T {
  return JSON.parse(vectorText(path));
}

/** The names of the files in this folder of the evidence, sorted. */
export function vectorFiles(path: string): readonly string[] {
  return readdirSync(join(folder, path)).sort();
}

/** The names in a value and in what is in it, in their order; those of a list's items once. */
export function namesIn(value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const found = Object.entries(value).flatMap(([name, inner]) => {
    const here = Array.isArray(value) ? path : `${path}${path && '.'}${name}`;
    return [...(Array.isArray(value) ? [] : [here]), ...namesIn(inner, here)];
  });
  return [...new Set(found)];
}

/**
 * Gathers what was held against the evidence, and prints it in one line when the file's tests are
 * done; or says in one line that they were skipped, and what is missing.
 */
export function startTally(title: string): (counted: string) => void {
  const counts: string[] = [];
  afterAll(() => console.log(`${title}: ${counts.join('; ')}`));
  if (!hasVectors) console.warn(`${title}: skipped, there are no published vectors in ${folder}`);
  return (counted) => counts.push(counted);
}
