/** Addresses of peers as people write them, and as libp2p does. */
import { isIP } from 'node:net';
import { Fault } from '../primitives/fault.ts';

/** A multiaddr from itself, or from `host:port`. */
export function parsePeer(text: string): string {
  if (
    /^\/(ip4|ip6|dns|dns4|dns6|dnsaddr)\/[^/]+\/tcp\/\d{1,5}(\/ws)?(\/p2p\/[A-Za-z0-9]+)?$/.test(
      text,
    )
  ) {
    return text;
  }
  const [, bracketed, plain, port = ''] = /^(?:\[([^\]]+)\]|([^:/]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  if (port === '' || Number(port) > 65_535 || !/^[a-z0-9.:-]+$/i.test(host)) {
    const form = 'an address like 192.168.1.5:3000 or /ip4/192.168.1.5/tcp/3000';
    throw new Fault('bad-peer', `'${text}' is no peer's address: write ${form}`);
  }
  return `${hostPart(host)}/tcp/${port}`;
}

/** Where to listen, as multiaddrs: at this address and port, and for browsers at another port. */
export function listenAt(
  host: string,
  port: number,
  wsPort: number | undefined,
): readonly string[] {
  const own = `${hostPart(host)}/tcp/${port}`;
  return wsPort === undefined ? [own] : [own, `${hostPart(host)}/tcp/${wsPort}/ws`];
}

function hostPart(host: string): string {
  const kind = isIP(host) === 4 ? 'ip4' : isIP(host) === 6 ? 'ip6' : 'dns4';
  return `/${kind}/${host}`;
}
