/**
 * Addresses: which of those that others tell of may be dialled.
 *
 * Whoever tells us where to dial could make us knock at a third's door, or inside our own house. So
 * from a public peer we take public addresses alone, and names, which lead anywhere, from nobody.
 */

/** The kinds of network that an address lies in. */
export type Reach = 'loopback' | 'private' | 'public' | 'name';

/** Where a multiaddr leads; `undefined` for one that is no IP address or name with a port. */
export function reachOf(address: string): Reach | undefined {
  const [, kind = '', host = '', transport, port = ''] = address.split('/');
  if (transport !== 'tcp' || !/^\d{1,5}$/.test(port) || Number(port) > 65_535) return undefined;
  if (kind === 'ip4') return reachOfIp4(host);
  if (kind === 'ip6') return reachOfIp6(host);
  return /^dns(4|6|addr)?$/.test(kind) ? 'name' : undefined;
}

/** The host of a multiaddr, as a name for who is there. */
export function hostOf(address: string): string {
  return address.split('/')[2] ?? '';
}

function reachOfIp4(host: string): Reach | undefined {
  const parts = host.split('.').map(Number);
  const isSound = parts.length === 4 && parts.every((part) => part >= 0 && part <= 255);
  const [a = -1, b = -1] = parts;
  if (!isSound || a === 0 || a >= 224) return undefined;
  if (a === 127) return 'loopback';
  const isPrivate =
    a === 10 ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b <= 127);
  return isPrivate ? 'private' : 'public';
}

function reachOfIp6(host: string): Reach | undefined {
  if (!/^[0-9a-f:.]+$/i.test(host) || !host.includes(':')) return undefined;
  const lower = host.toLowerCase();
  if (lower === '::1') return 'loopback';
  // What holds an IPv4 address would need its rules too: nobody needs to be reached so.
  if (lower === '::' || lower.startsWith('::') || lower.startsWith('ff')) return undefined;
  return /^(f[cd]|fe[89ab])/.test(lower) ? 'private' : 'public';
}

/** May an address be dialled that a peer told of which we reached at `source`? */
export function mayDial(address: string, source: string): boolean {
  const [to, from] = [reachOf(address), reachOf(source)];
  if (to === undefined || to === 'name') return false;
  if (to === 'public') return true;
  if (to === 'private') return from === 'private' || from === 'loopback';
  return from === 'loopback';
}
