
import { buildTrack, quantile, runRace } from '../../test/race.ts';
const [n, p, share] = process.argv.slice(2).map(Number);
console.time('track'); const track = await buildTrack(p); console.timeEnd('track');
const waiting = track.payments.filter((_, i) => share === 1 || (share === 0.5 && i % 2 === 0));
console.time('race');
const r = await runRace(track, { seed: 'a', nodes: n, dials: 4, weather: { delayMs: 100, bytesPerSecond: Number(process.argv[5] ?? 1_250_000) }, waiting });
console.timeEnd('race');
console.log([0.5,0.9,1].map(q=>quantile(r.times,q)), 'links', r.links.length, 'mean', r.links.reduce((a,b)=>a+b,0)/r.links.length, 'most', Math.max(...r.links), 'bodies', r.bodies.length, Math.max(0,...r.bodies), r.asked);
console.log(process.memoryUsage().rss/1e6);
