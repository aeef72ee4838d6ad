/** The rules of a header, each passed and broken by the smallest step. */
import type { Difficulty } from '../../src/consensus/difficulty.ts';
import {
  checkHeader,
  checkHeaderInContext,
  type HeaderContext,
} from '../../src/consensus/header.ts';
import type { Params } from '../../src/consensus/params.ts';
import type { Verdict } from '../../src/consensus/reject.ts';
import { decodeBits, numberFromHash } from '../../src/consensus/work.ts';
import { type Header, hashHeader } from '../../src/primitives/block.ts';
import { epoch, grind, seal } from '../forge.ts';
import { later, never, passes, type Row } from './row.ts';

/** A header one second after its median and at our clock; of block 1 where nothing is said. */
function inContext(
  params: Params,
  header: Partial<Header>,
  context: Partial<HeaderContext> = {},
): Verdict {
  const parent = { time: epoch - 1, bits: params.limitBits };
  const block = seal([], { time: epoch, bits: params.limitBits, ...header });
  const place = { height: 1, parent, pastTime: undefined, medianTimePast: epoch - 1, ...context };
  return checkHeaderInContext(block.header, place, epoch, params);
}

/** A header that was mined, altered. */
const mined = (params: Params, header: Partial<Header> = {}, limitBits = params.limitBits) =>
  checkHeader({ ...params.genesis.header, ...header }, { ...params, limitBits });

/** The first nonce behind the genesis block's own whose hash is above the target. */
function unlucky({ genesis, limitBits }: Params): number {
  for (let nonce = genesis.header.nonce + 1; ; nonce++) {
    const hash = hashHeader({ ...genesis.header, nonce });
    if (numberFromHash(hash) > decodeBits(limitBits).target) return nonce;
  }
}

const work: readonly Row[] = [
  passes('high-hash', 'a mined header at the limit', (params) => mined(params)),
  never('high-hash', 'a mined header with a nonce that has no luck', (params) =>
    mined(params, { nonce: unlucky(params) }),
  ),
  never('high-hash', 'a mined header where the limit is one step below its bits', (params) =>
    mined(params, {}, params.limitBits - 1),
  ),
  never('high-hash', 'a target of zero', (params) => mined(params, { bits: 0x2000_0000 })),
  never('high-hash', 'a target above 256 bits', (params) => mined(params, { bits: 0xff7f_ffff })),
  never('high-hash', 'a negative target whose number the hash does meet', (params) =>
    mined(params, grind({ ...params.genesis.header, bits: 0x20ff_ffff }), 0x207f_ffff),
  ),
];

const versions: readonly Row[] = [
  passes('bad-version', 'version 4', (params) => inContext(params, { version: 4 })),
  passes('bad-version', 'version 0x7fffffff', (params) =>
    inContext(params, { version: 0x7fff_ffff }),
  ),
  never('bad-version', 'version 3', (params) => inContext(params, { version: 3 })),
  never('bad-version', 'version 0x80000004, which is a negative number,', (params) =>
    inContext(params, { version: 0x8000_0004 | 0 }),
  ),
];

/** As a contract: these figures stand here a second time. */
const futureLimit = ({ name }: Params) => (name === 'main' ? 300 : 7200);

const times: readonly Row[] = [
  passes('time-too-old', 'a time one second after the median', (params) =>
    inContext(params, {}, { medianTimePast: epoch - 1 }),
  ),
  never('time-too-old', 'a time equal to the median', (params) =>
    inContext(params, {}, { medianTimePast: epoch }),
  ),
  passes('time-too-new', 'a time at the future limit', (params) =>
    inContext(params, { time: epoch + futureLimit(params) }),
  ),
  later('time-too-new', 'a time one second beyond the future limit', (params) =>
    inContext(params, { time: epoch + futureLimit(params) + 1 }),
  ),
];

/** The bits of a header under another rule than the network's own, at that rule's limit. */
function underRule(difficulty: Difficulty, limitBits: number) {
  return (
    bits: number,
    { height, parentBits, seconds }: { height: number; parentBits: number; seconds?: number },
  ) =>
    (params: Params) => {
      const parent = { time: epoch - 1, bits: parentBits };
      const pastTime = seconds === undefined ? undefined : parent.time - seconds;
      return inContext(
        { ...params, difficulty, limitBits },
        { bits },
        { height, parent, pastTime },
      );
    };
}

const floor = 0x1e0f_ffff;
const asert = underRule({ rule: 'asert', spacingSeconds: 15, halfLifeSeconds: 600 }, floor);
const onTime = { height: 2, parentBits: 0x1d00_ffff, seconds: 15 };
const lateByHalfLife = { ...onTime, seconds: 615 };
const earlyByHalfLife = { ...onTime, seconds: -585 };
const lateAtFloor = { ...lateByHalfLife, parentBits: floor };
const lateNearFloor = { ...lateByHalfLife, parentBits: 0x1e08_0000 };
const first = { height: 1, parentBits: 0x1d00_ffff };

const ownDifficulty: readonly Row[] = [
  passes('bad-diffbits', "block 1 with its network's limit as bits", (params) =>
    inContext(params, {}),
  ),
  never('bad-diffbits', "block 1 with bits one step below its network's limit", (params) =>
    inContext(params, { bits: params.limitBits - 1 }),
  ),
  passes('bad-diffbits', 'block 1 under ASERT with the floor', asert(floor, first)),
  never('bad-diffbits', "block 1 under ASERT with its parent's bits", asert(0x1d00_ffff, first)),
  passes(
    'bad-diffbits',
    "a block whose parent came after exactly 15 seconds, with the parent's bits,",
    asert(0x1d00_ffff, onTime),
  ),
  never(
    'bad-diffbits',
    "a block whose parent came on time, with bits one step above the parent's,",
    asert(0x1d01_0000, onTime),
  ),
  never(
    'bad-diffbits',
    "a block whose parent came on time, with bits one step below the parent's,",
    asert(0x1d00_fffe, onTime),
  ),
  passes(
    'bad-diffbits',
    'twice the target after a parent one half-life late',
    asert(0x1d01_fffe, lateByHalfLife),
  ),
  never(
    'bad-diffbits',
    "the parent's target after a parent one half-life late",
    asert(0x1d00_ffff, lateByHalfLife),
  ),
  passes(
    'bad-diffbits',
    'half the target after a parent one half-life early',
    asert(0x1c7f_ff80, earlyByHalfLife),
  ),
  never(
    'bad-diffbits',
    "the parent's target after a parent one half-life early",
    asert(0x1d00_ffff, earlyByHalfLife),
  ),
  passes('bad-diffbits', 'the floor after a late parent at the floor', asert(floor, lateAtFloor)),
  passes(
    'bad-diffbits',
    'the floor where twice the target is one step above it',
    asert(floor, lateNearFloor),
  ),
  never(
    'bad-diffbits',
    'twice the target where that is one step above the floor',
    asert(0x1e10_0000, lateNearFloor),
  ),
];

const bitcoin = underRule({ rule: 'bitcoin', spacingSeconds: 600 }, 0x1d00_ffff);
/** Bitcoin Core, src/test/pow_tests.cpp: get_next_work and its two bounds; real retargets. */
const retarget = {
  height: 32_256,
  parentBits: 0x1d00_ffff,
  seconds: 1_262_152_739 - 1_261_130_161,
};
const quarter = { height: 68_544, parentBits: 0x1c05_a3f4, seconds: 1_279_297_671 - 1_279_008_237 };
const fourfold = {
  height: 46_368,
  parentBits: 0x1c38_7f6f,
  seconds: 1_269_211_443 - 1_263_163_443,
};
/** No block is looked up before the interval is over, so its time is not there to be used. */
const midway = { height: 32_255, parentBits: 0x1d00_d86a };

const none = underRule({ rule: 'none' }, 0x207f_ffff);

const otherDifficulties: readonly Row[] = [
  passes('bad-diffbits', "block 32,256 with Bitcoin's retarget", bitcoin(0x1d00_d86a, retarget)),
  never(
    'bad-diffbits',
    "block 32,256 with bits one step above Bitcoin's retarget",
    bitcoin(0x1d00_d86b, retarget),
  ),
  passes(
    'bad-diffbits',
    'block 68,544, whose target falls to a quarter and no further,',
    bitcoin(0x1c01_68fd, quarter),
  ),
  passes(
    'bad-diffbits',
    'block 46,368, whose target grows fourfold and no further,',
    bitcoin(0x1d00_e1fd, fourfold),
  ),
  passes(
    'bad-diffbits',
    "a block between retargets with its parent's bits",
    bitcoin(0x1d00_d86a, midway),
  ),
  never('bad-diffbits', 'a block between retargets with other bits', bitcoin(0x1d00_d869, midway)),
  passes(
    'bad-diffbits',
    'the limit without a difficulty rule, whatever the parent has,',
    none(0x207f_ffff, lateByHalfLife),
  ),
  never(
    'bad-diffbits',
    "the parent's harder bits without a difficulty rule",
    none(0x1d00_ffff, lateByHalfLife),
  ),
];

export const headerRows = [...work, ...versions, ...times, ...ownDifficulty, ...otherDifficulties];
