#!/usr/bin/env node
/**
 * Starts `chain`: with a Node that is new enough, and with its compile cache.
 *
 * This file alone is plain JavaScript that an old Node can run. In a checkout it runs the sources;
 * in an installed package, where Node strips no types, it runs what was built of them.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  const { directory } = module.enableCompileCache?.() ?? {};
  // A thread has a cache when it is told so here.
  if (directory) process.env.NODE_COMPILE_CACHE ??= directory;
  const built = new URL('../dist/cli/main.js', import.meta.url);
  const source = new URL('../src/cli/main.ts', import.meta.url);
  const { main } = await import(existsSync(source) ? source.href : built.href);
  await main(process.argv.slice(2));
} else {
  const pinned = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
  if (existsSync(pinned)) runWith(pinned);
  else {
    console.error(
      `error: node-too-old: chain needs Node 22.18 or newer, this is ${process.versions.node}; ` +
        'install a newer one, or run npm ci in the checkout',
    );
    process.exitCode = 1;
  }
}

/** Hands everything over to the Node that the project pins. */
function runWith(node) {
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  // A signal from the terminal reaches the child by itself; here it must only not end us first.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => signal === 'SIGINT' || child.kill(signal));
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
}
