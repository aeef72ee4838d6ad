/** `chain peers` and `chain addpeer`: who is connected to the node that runs here. */
import { printJson, type Value } from '../rpc/exact.ts';
import { count } from './column.ts';
import type { DeskWithoutWallets } from './desk.ts';
import { findNode } from './nodefile.ts';
import { parsePeer } from './peeraddress.ts';
import { call, demandNode } from './rpc.ts';

/** What is shown of what `getpeerinfo` tells. */
interface Told {
  readonly addr: string;
  readonly inbound: boolean;
  readonly synced_headers: number;
  readonly pingtime?: number;
  readonly subver: string;
}

export async function peers(desk: DeskWithoutWallets): Promise<void> {
  const node = findNode(desk.folder);
  const told: Value = node ? await call(desk, node, 'getpeerinfo', []) : [];
  if (desk.isForPrograms) return desk.print(printJson(told));
  const all: readonly Told[] = JSON.parse(printJson(told));
  if (!node) desk.note('No node runs here, so there are no peers: chain startnode starts one.');
  desk.answer([count(all.length, 'peer'), ...all.flatMap(textOf)], all);
}

function textOf({ addr, inbound, synced_headers: height, pingtime, subver }: Told) {
  const ping = pingtime === undefined ? '' : `, ${Math.round(pingtime * 1_000)} ms`;
  const which = inbound ? 'it called us' : 'we called it';
  return [addr, `  height ${height}${ping}, ${which}, ${subver || 'silent'}`];
}

export async function addPeer(desk: DeskWithoutWallets, address: string): Promise<void> {
  const node = demandNode(desk);
  const parsed = parsePeer(address);
  await call(desk, node, 'addnode', [parsed, 'add']);
  desk.answer(`The node will stay connected to ${parsed}, or try to be.`, { added: parsed });
}
