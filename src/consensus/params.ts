/**
 * Networks: everything in which one chain's rules differ from another's, as a plain value.
 *
 * `main` is our own, `regtest` is Bitcoin's. `network.ts` reads further ones from files.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { coin } from '../primitives/amount.ts';
import { Block } from '../primitives/block.ts';
import { encode } from '../primitives/codec.ts';
import { sha256 } from '../primitives/hash.ts';
import type { Difficulty } from './difficulty.ts';
import { bitcoinGenesis, genesisBlock } from './genesis.ts';

export interface Params {
  /** `[a-z0-9-]{1,32}`; also the folder that holds all of this network. */
  readonly name: string;
  readonly genesis: Block;
  readonly difficulty: Difficulty;
  /** The easiest bits. Core: powLimit. */
  readonly limitBits: number;
  /** How far a block's time may be ahead of our clock. Core: MAX_FUTURE_BLOCK_TIME. */
  readonly maxFutureSeconds: number;
  /** What the first blocks mint, in base units. */
  readonly subsidy: bigint;
  /** After how many blocks the subsidy halves. */
  readonly halvingInterval: number;
  /** How many blocks deep a minted coin must be to be spent. Core: COINBASE_MATURITY. */
  readonly coinbaseMaturity: number;
  /** What addresses begin with. */
  readonly prefix: string;
  /** The hardened number in key paths that stands for the kind of coin. SLIP44; 1 is for tests. */
  readonly coinType: number;
  readonly p2pPort: number;
  readonly httpPort: number;
  /** Multiaddrs of peers to begin with. */
  readonly peers: readonly string[];
}

export const main: Params = {
  name: 'main',
  genesis: genesisBlock({
    message: 'Read in an afternoon, and right.',
    time: 1_767_225_600,
    bits: 0x1e0f_ffff,
    nonce: 1_728_337,
  }),
  difficulty: { rule: 'asert', spacingSeconds: 15, halfLifeSeconds: 600 },
  limitBits: 0x1e0f_ffff,
  maxFutureSeconds: 300,
  subsidy: 50n * coin,
  halvingInterval: 210_000,
  coinbaseMaturity: 10,
  prefix: 'tc',
  coinType: 1,
  p2pPort: 3000,
  httpPort: 3001,
  peers: [],
};

/** Bitcoin's network for tests on one's own machine, bit for bit. Core: CRegTestParams. */
export const regtest: Params = {
  name: 'regtest',
  genesis: bitcoinGenesis(),
  difficulty: { rule: 'none' },
  limitBits: 0x207f_ffff,
  maxFutureSeconds: 7_200,
  subsidy: 50n * coin,
  halvingInterval: 150,
  coinbaseMaturity: 100,
  prefix: 'bcrt',
  coinType: 1,
  p2pPort: 18_444,
  httpPort: 18_443,
  peers: [],
};

export const builtIn: readonly Params[] = [main, regtest];

/** Four bytes, in hex, that begin every block in a file of blocks. Core: pchMessageStart. */
export function magicOf({ name, genesis }: Params): string {
  return name === 'regtest' ? 'fabfb5da' : bytesToHex(sha256(encode(Block, genesis))).slice(0, 8);
}
