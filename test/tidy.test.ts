/** The house: rooms import downwards only, files and functions stay small. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** What each room may import beside itself: rooms below it, and packages. */
const rooms: Readonly<Record<string, { below: readonly string[]; packages: readonly string[] }>> = {
  hashing: { below: [], packages: [] },
  primitives: { below: ['hashing'], packages: ['@noble/', '@scure/base'] },
  consensus: { below: ['primitives'], packages: ['@noble/'] },
  chain: { below: ['primitives', 'consensus'], packages: ['@noble/'] },
  mempool: { below: ['primitives', 'consensus', 'chain'], packages: [] },
  miner: {
    below: ['hashing', 'primitives', 'consensus', 'chain', 'mempool'],
    packages: ['@noble/'],
  },
  wallet: { below: ['primitives', 'consensus'], packages: ['@noble/', '@scure/'] },
  network: {
    below: ['primitives', 'consensus', 'chain', 'mempool'],
    packages: ['@noble/', 'libp2p', '@libp2p/', '@multiformats/'],
  },
  node: {
    below: ['primitives', 'consensus', 'chain', 'mempool', 'miner', 'network'],
    packages: [],
  },
  rpc: { below: ['primitives', 'consensus', 'node'], packages: ['@noble/'] },
  lab: {
    below: [
      'primitives',
      'consensus',
      'chain',
      'mempool',
      'miner',
      'wallet',
      'network',
      'node',
      'rpc',
    ],
    packages: ['@noble/'],
  },
  cli: {
    below: [
      'primitives',
      'consensus',
      'chain',
      'mempool',
      'miner',
      'wallet',
      'node',
      'rpc',
      'network',
    ],
    packages: [
      'node:',
      'commander',
      'level',
      'classic-level',
      'tiny-secp256k1',
      'secp256k1/bindings.js',
      'ws',
    ],
  },
};

/** The files that alone may know a part of the outside world. */
const outside: Readonly<Record<string, readonly string[]>> = {
  '@libp2p/crypto/keys': ['src/network/libp2phost.ts'],
  '@libp2p/gossipsub': ['src/network/libp2pgossip.ts'],
  '@libp2p/identify': ['src/network/libp2phost.ts'],
  '@libp2p/mdns': ['src/network/libp2phost.ts'],
  '@libp2p/noise': ['src/network/libp2phost.ts'],
  '@libp2p/peer-id': ['src/network/libp2precord.ts'],
  '@libp2p/peer-record': ['src/network/libp2precord.ts'],
  '@libp2p/tcp': ['src/network/libp2phost.ts'],
  '@libp2p/utils': ['src/network/libp2prequest.ts'],
  '@libp2p/websockets': ['src/network/libp2pwebsockets.ts'],
  '@libp2p/yamux': ['src/network/libp2phost.ts'],
  '@multiformats/multiaddr': ['src/network/libp2p.ts', 'src/network/libp2precord.ts'],
  libp2p: ['src/network/libp2phost.ts'],
  level: ['src/cli/leveldb.ts'],
  'classic-level': ['src/cli/leveldb.ts'],
  'node:crypto': ['src/cli/machine.ts'],
  'node:http': ['src/cli/httpserver.ts', 'src/cli/post.ts'],
  'node:worker_threads': [
    'src/cli/miningthread.ts',
    'src/cli/thread.ts',
    'src/cli/signaturethread.ts',
  ],
  'secp256k1/bindings.js': ['src/cli/engine.ts'],
  'tiny-secp256k1': ['src/cli/engine.ts'],
  ws: ['src/cli/websocket.ts'],
};

/** Clock and chance by their names: what the rooms of the node must be handed instead. */
const ambient =
  /\b(Date\.now|new Date\(\)|Math\.random|crypto\.getRandomValues|process\.|setTimeout)/;

interface File {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly lines: readonly string[];
}

function filesIn(...folders: readonly string[]): readonly File[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|js)$/.test(name))
      .map((name) => {
        const path = join(folder, name);
        const text = readFileSync(join(root, path), 'utf8');
        return { path, room: path.split('/')[1] ?? '', text, lines: text.trimEnd().split('\n') };
      }),
  );
}

/** Every import of a file, static or not, with whether it is of types alone. */
function importsOf({ text }: File) {
  const pattern = /(import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'|import\('([^']+)'\)/g;
  return [...text.matchAll(pattern)].map((match) => ({
    isType: match[2] !== undefined,
    from: match[3] ?? match[4] ?? '',
  }));
}

const source = filesIn('src');
const all = [...source, ...filesIn('test', 'scripts')];

test('the rooms are those of the plan, each a folder one deep', () => {
  expect(new Set(source.map(({ room }) => room))).toEqual(new Set(Object.keys(rooms)));
  expect(source.filter(({ path }) => path.split('/').length !== 3)).toEqual([]);
});

test('every room imports only rooms below it, and only its packages', () => {
  const order = Object.keys(rooms);
  const wrong = source.flatMap((file) =>
    importsOf(file)
      .filter(({ from, isType }) => {
        const room = rooms[file.room];
        if (!from.startsWith('.')) {
          return !room?.packages.some((each) => from === each || from.startsWith(each));
        }
        const target = relative('src', join(dirname(file.path), from)).split('/')[0] ?? '';
        const isEarlier = order.indexOf(target) < order.indexOf(file.room);
        return target !== file.room && !room?.below.includes(target) && !(isType && isEarlier);
      })
      .map(({ from }) => `${file.path} imports ${from}`),
  );
  expect(wrong).toEqual([]);
});

test('few files know the outside', () => {
  const wrong = source.flatMap((file) =>
    importsOf(file)
      .filter(({ from, isType }) => !isType && outside[from]?.includes(file.path) === false)
      .map(({ from }) => `${file.path} imports ${from}`),
  );
  expect(wrong).toEqual([]);
});

test('no room but the command line knows clock, chance or process', () => {
  const wrong = source.filter(({ room, text }) => room !== 'cli' && ambient.test(text));
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test('the centre never waits', () => {
  const centre = source.filter(({ room }) =>
    ['hashing', 'primitives', 'consensus', 'wallet'].includes(room),
  );
  const wrong = centre.filter(({ text }) => /\basync\b|\bawait\b|\bPromise\b/.test(text));
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test('there are no circles of imports', () => {
  const edges = new Map(
    source.map((file) => [
      file.path,
      importsOf(file)
        .filter(({ from, isType }) => from.startsWith('.') && !isType)
        .map(({ from }) => join(dirname(file.path), from)),
    ]),
  );
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): void => {
    expect(above).not.toContain(path);
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...above, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  expect(done.size).toBe(source.length);
});

test('a file has at most 300 lines of 100 columns, and a lower-case name', () => {
  const wrong = all.flatMap(({ path, lines }) => [
    ...(lines.length > 300 ? [`${path} has ${lines.length} lines`] : []),
    ...lines.flatMap((line, i) => (line.length > 100 ? [`${path}:${i + 1} is too long`] : [])),
    ...(/^[a-z0-9.]+$/.test(basename(path)) ? [] : [`${path} has another name`]),
  ]);
  expect(wrong).toEqual([]);
});

test('a function has at most 60 lines', () => {
  const opens = /^(\s*)(export )?(default )?(async )?(static )?(async )?(function|[#\w*]+\()/;
  const wrong = source.flatMap(({ path, lines }) =>
    lines.flatMap((line, start) => {
      const indent = opens.exec(line)?.[1];
      // A call looks like a method, but ends where it stands.
      if (indent === undefined || line.endsWith(';')) return [];
      const length = lines.slice(start).indexOf(`${indent}}`) + 1;
      return length > 60 ? [`${path}:${start + 1} has ${length} lines`] : [];
    }),
  );
  expect(wrong).toEqual([]);
});

test('every file begins with a comment that says what it is', () => {
  const wrong = all.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text));
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test('nothing is silenced, left for later, or tied to one machine', () => {
  const banned = ['@ts-', 'biome-ignore', 'TO' + 'DO', 'FIX' + 'ME', '/wo' + 'rk/', '/ro' + 'ot/'];
  const wrong = all.flatMap(({ path, text }) =>
    banned.filter((word) => text.includes(word)).map((word) => `${path}: ${word}`),
  );
  expect(wrong.filter((each) => !each.startsWith('test/tidy'))).toEqual([]);
});

test('the lock file names no registry', () => {
  expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved": "http/);
});

test('ARCHITECTURE.md names every room, and has at most 200 lines', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  expect(text.split('\n').length).toBeLessThanOrEqual(200);
  expect(Object.keys(rooms).filter((room) => !text.includes(`\`${room}\``))).toEqual([]);
});
