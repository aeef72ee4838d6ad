/**
 * The demonstration of a fork: four nodes on this machine, in two groups that are cut off, mine on
 * their own and meet again. It tells what each log and each `/ws` says, and ends with 1 where
 * anything did not come out as told.
 *
 * It runs the program as a person would, in folders of its own that it removes at the end.
 */
import { ask, chain, cleanUp, expectThat, type Member, members, start, until } from './member.ts';

interface Tip {
  readonly height: number;
  readonly hash: string;
  /** Expected hashes of it and all before it. */
  readonly work: bigint;
}

/** Blocks that all share: a minted coin of regtest can be spent once a hundred stand on it. */
const shared = 101;

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Hashes here begin with digits of chance, for the target of regtest is an easy one. */
const short = (hash: string) => hash.slice(0, 8);

async function tipOf({ name }: Member): Promise<Tip> {
  const { height, hash, work } = await ask(name, 'status');
  return { height, hash, work: BigInt(`0x${work}`) };
}

/** Waits until all of these have this block as their tip. */
async function agree(all: readonly Member[], hash: string): Promise<void> {
  await until(
    async () => {
      const tips = await Promise.all(all.map(tipOf));
      return tips.every((tip) => tip.hash === hash);
    },
    `${all.map(({ name }) => name).join(' and ')} end on ${short(hash)}`,
  );
}

const keyOf = ({ address }: Member) => address.split('/p2p/')[1] ?? '';

/** Parts the groups, or lets them be together again; either side may do it. */
async function setWall(red: readonly Member[], blue: readonly Member[], isUp: boolean) {
  const word = isUp ? 'add' : 'remove';
  for (const { name } of red) {
    for (const each of blue) await chain(name, 'rpc', 'setban', keyOf(each), word);
  }
  if (!isUp) return;
  const alone = async () => (await Promise.all(members.map(peersOf))).every((count) => count === 1);
  await until(alone, 'each node is left with one peer, the other of its group');
}

const peersOf = async ({ name }: Member): Promise<number> => (await ask(name, 'status')).peers;

const waitsAt = async (txid: string, { name }: Member): Promise<boolean> =>
  (await ask(name, 'rpc', 'getrawmempool')).includes(txid);

/** The block that a node has this payment in. */
const blockOf = async (txid: string, { name }: Member): Promise<string | undefined> =>
  (await ask(name, 'rpc', 'getrawtransaction', txid, '1')).blockhash;

/** The hashes of these blocks of a node. */
async function hashesOf({ name }: Member, from: number, to: number): Promise<readonly string[]> {
  const heights = Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
  return Promise.all(heights.map((height) => chain(name, 'rpc', 'getblockhash', height)));
}

/** The story so far. */
interface Story {
  readonly red: readonly [Member, Member];
  readonly blue: readonly [Member, Member];
  /** The last block that all share. */
  readonly base: Tip;
}

interface Branches {
  readonly lost: readonly string[];
  readonly won: readonly string[];
  readonly redTip: Tip;
  readonly blueTip: Tip;
}

async function begin(): Promise<Story> {
  for (const label of ['alice', 'bob']) await chain('red1', 'createwallet', '--label', label);
  await chain('red1', 'mine', '--blocks', String(shared), '--to', 'alice');
  const red1 = await start('red1');
  const red2 = await start('red2', '--peer', red1.address);
  const blue1 = await start('blue1', '--peer', red2.address);
  const blue2 = await start('blue2', '--peer', blue1.address);
  await Promise.all([red2, blue2].map(({ name }) => chain(name, 'createwallet')));
  const base = await tipOf(red1);
  await agree(members, base.hash);
  say(
    'Four nodes, in two groups:   red1 --- red2 --- blue1 --- blue2',
    `All have the same ${shared} blocks; the last is ${short(base.hash)}.`,
    `Their work is ${base.work} hashes: on regtest each block stands for 2.`,
  );
  return { red: [red1, red2], blue: [blue1, blue2], base };
}

/** Two branches grow, and a payment is in the one that will lose. */
async function part({ red, blue, base }: Story): Promise<Branches & { readonly txid: string }> {
  await setWall(red, blue, true);
  say('', '1. The groups are cut off from each other (chain rpc setban <key> add).');
  const pay = ['send', '--from', 'alice', '--to', 'bob', '--amount', '1.5'];
  const { txid } = await ask('red1', ...pay);
  await until(() => waitsAt(txid, red[1]), 'red2 hears of the payment');
  say(`   At red1 alice pays bob 1.5; the payment is ${short(txid)}.`);
  await chain('red2', 'mine', '--blocks', '2');
  await chain('blue2', 'mine', '--blocks', '3');
  const [redTip, blueTip] = await Promise.all([tipOf(red[1]), tipOf(blue[1])]);
  await Promise.all([agree(red, redTip.hash), agree(blue, blueTip.hash)]);
  const lost = await hashesOf(red[0], base.height + 1, redTip.height);
  const won = await hashesOf(blue[0], base.height + 1, blueTip.height);
  expectThat((await blockOf(txid, red[0])) === lost[0], 'the payment is in the first red block');
  draw(base, { lost, won, redTip, blueTip });
  say('   The payment is in the block with the star. Blue never heard of it.');
  return { txid, lost, won, redTip, blueTip };
}

function draw(base: Tip, { lost, won, redTip, blueTip }: Branches): void {
  const row = (hashes: readonly string[]) => hashes.map(short).join(' --- ');
  const width = row(won).length + 2;
  const red = row(lost).replace(/^\w+/, '$&*').padEnd(width);
  const blue = row(won).padEnd(width);
  const margin = ' '.repeat(short(base.hash).length);
  say(
    '',
    `   ${margin}     ,- ${red} red:  height ${redTip.height}, work ${redTip.work}`,
    `   ${short(base.hash)} ---+`,
    `   ${margin}     '- ${blue} blue: height ${blueTip.height}, work ${blueTip.work}`,
    '',
  );
}

async function meet(story: Story, branches: Branches & { readonly txid: string }): Promise<void> {
  const { red, blue } = story;
  const { redTip, blueTip } = branches;
  await setWall(red, blue, false);
  await chain('red1', 'addpeer', blue[0].address);
  await agree(members, blueTip.hash);
  const isTold = () => red.every((each) => each.reorgs.length * changesIn(each).length > 0);
  await until(isTold, 'the red nodes tell of their change of branch');
  say('', '2. They meet again (chain addpeer at red1), and all end on one branch.', '');
  for (const each of members) tellOf(each);
  for (const each of red) expectReorg(each, story, branches);
  for (const { name, reorgs, log } of blue) {
    const isCalm = reorgs.length === 0 && !log.some((line) => line.includes('branch'));
    expectThat(isCalm, `${name} changes no branch`);
  }
  say(
    '',
    `   Blue wins, for its branch has more work: ${blueTip.work} hashes against ${redTip.work}.`,
    '   Nobody decides that: every node reckons it for itself.',
  );
}

/** What the log of a node says of changes of branch, without the time. */
const changesIn = ({ log }: Member): readonly string[] =>
  log.flatMap((line) => /the chain changed its branch.*/.exec(line) ?? []);

function tellOf(member: Member): void {
  const [line] = changesIn(member);
  const [told] = member.reorgs;
  const name = member.name.padEnd(5);
  if (!line || !told) {
    say(`   ${name}  log  nothing of branches, and nothing by /ws`);
    return;
  }
  const { fork, disconnected, connected, waiting } = told;
  const list = (hashes: readonly string[]) => hashes.map(short).join(' ');
  const [what, counts = ''] = line.replace(/[0-9a-f]{64}/, short).split(': ');
  say(
    `   ${name}  log  ${what}:`,
    `                ${counts}`,
    `          /ws  reorg  fork ${fork.height} ${short(fork.hash)}, waiting ${list(waiting)},`,
    `               disconnected ${list(disconnected)}, connected ${list(connected)}`,
  );
}

interface Expected extends Branches {
  readonly txid: string;
}

function expectReorg(member: Member, { base }: Story, { lost, won, txid }: Expected): void {
  const { name, reorgs } = member;
  const [told] = reorgs;
  expectThat(reorgs.length === 1 && changesIn(member).length === 1, `${name} changes once`);
  expectThat(told?.fork.hash === base.hash, `${name} tells where the branches part`);
  expectThat(`${told?.disconnected}` === `${lost.toReversed()}`, `${name} leaves the red blocks`);
  expectThat(`${told?.connected}` === `${won}`, `${name} joins the blue blocks`);
  expectThat(`${told?.waiting}` === txid, `${name} has the payment wait again`);
}

async function goOn({ blue }: Story, txid: string, { height }: Tip): Promise<void> {
  const areAll = async (isSo: (each: Member) => Promise<boolean>) =>
    (await Promise.all(members.map(isSo))).every(Boolean);
  await until(() => areAll((each) => waitsAt(txid, each)), 'the payment waits at all four nodes');
  say(
    '',
    `3. The payment ${short(txid)} is in no block now: it waits again, and blue has heard of it.`,
  );
  const mined = await chain(blue[1].name, 'mine');
  await agree(members, mined);
  const isThere = async (each: Member) => (await blockOf(txid, each)) === mined;
  expectThat(await areAll(isThere), 'all four nodes have the payment in the new block');
  const { confirmed } = await ask('red1', 'getbalance', 'bob');
  expectThat(confirmed === '1.50000000', 'bob has his 1.5');
  say(
    `   blue2 mines block ${height + 1}, ${short(mined)}, with the payment in it.`,
    `   All four nodes have that block, and bob has his ${confirmed}.`,
    '',
    'All of it came out as told.',
  );
}

process.once('SIGINT', async () => {
  await cleanUp();
  process.exit(130);
});
try {
  const story = await begin();
  const parted = await part(story);
  await meet(story, parted);
  await goOn(story, parted.txid, parted.blueTip);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
