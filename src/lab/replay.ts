/** The replay: the call that tells a story again, to be pasted into a test. */
import type { StoryOptions } from './story.ts';

/** Where it is pasted there must be a `settle` and an `attach`, and the params by their name. */
export function callOf(seed: string, options: StoryOptions): string {
  const { params, hours, nodes, liars, past, minutesToHeal } = options;
  const wishes = { hours, nodes, liars, past, minutesToHeal };
  const asked = [
    'settle',
    'attach',
    ...(params ? [`params: ${params.name}`] : []),
    ...Object.entries(wishes)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
  ];
  return `runStory(${JSON.stringify(seed)}, { ${asked.join(', ')} })`;
}
