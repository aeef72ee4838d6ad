/** A person who sits at a real terminal: reads what is shown, and types when asked. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { environment, launcher, type Place, track } from './terminal.ts';

const script = '/usr/bin/script';

/** Can a terminal be made here? */
export const hasTerminal = existsSync(script);

export interface Sitting {
  /** Waits until this is shown, after all that was waited for before. */
  see(text: string): Promise<void>;
  type(keys: string): void;
  /** Waits for the end; all that was shown, and the exit code. */
  leave(): Promise<{ readonly shown: string; readonly code: number | null }>;
}

/** Types a command at a new terminal, and after it what the shell shall do next, if anything. */
export function sitDown(words: readonly string[], place: Place, then = ''): Sitting {
  const command = [process.execPath, launcher, ...words].map((word) => `'${word}'`).join(' ');
  const child = spawn(script, ['-qec', command + then, '/dev/null'], {
    // What is shown is told apart from how it is coloured.
    env: { NO_COLOR: '1', ...environment(place) },
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  track(child);
  let shown = '';
  let seen = 0;
  let look = () => {};
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      resolve(code);
      look();
    });
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    look();
  });
  return {
    see: (text) =>
      new Promise((resolve, reject) => {
        look = () => {
          const place = shown.indexOf(text, seen);
          if (place >= 0) {
            seen = place + text.length;
            look = () => {};
            resolve();
          } else if (child.stdout.readableEnded) {
            reject(new Error(`'${text}' was not shown, but ${JSON.stringify(shown)}`));
          }
        };
        look();
      }),
    type: (keys) => child.stdin.write(keys),
    leave: async () => {
      const code = await ended;
      return { shown, code };
    },
  };
}
