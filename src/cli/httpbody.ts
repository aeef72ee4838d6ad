/** The body of a request, which has a bound: told beforehand or not, no more of it is kept. */
import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.ts';

/** All of the body, where it is not too long. */
export async function readBody(request: IncomingMessage, mostBytes: number): Promise<string> {
  const tooLong = new Refusal(413, `A request has at most ${mostBytes} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) throw tooLong;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > mostBytes) throw tooLong;
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
