/** Metrics: numbers of a program as Prometheus reads them, text format 0.0.4. */

interface Sample {
  /** Behind the metric's name, in a histogram. */
  readonly suffix?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}

export const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

export function writeMetrics(metrics: readonly Metric[]): string {
  return metrics.map(writeMetric).join('');
}

function writeMetric({ name, help, type, samples }: Metric): string {
  const lines = samples.map(({ suffix = '', labels = {}, value }) => {
    return `${name}${suffix}${writeLabels(labels)} ${writeNumber(value)}`;
  });
  const told = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `${[`# HELP ${name} ${told}`, `# TYPE ${name} ${type}`, ...lines].join('\n')}\n`;
}

function writeLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const told = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    return `${name}="${told}"`;
  });
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function writeNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN';
}

/** One number, as it is now. */
export function gauge(name: string, help: string, value: number): Metric {
  return { name, help, type: 'gauge', samples: [{ value }] };
}

/** One number that only ever grows. */
export function counter(name: string, help: string, value: number): Metric {
  return { name, help, type: 'counter', samples: [{ value }] };
}

/** How often something was how large. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** How many were at most as large as each bound. */
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#count++;
    this.#sum += value;
    for (const [i, bound] of this.#bounds.entries()) {
      if (value <= bound) this.#counts[i] = (this.#counts[i] ?? 0) + 1;
    }
  }

  get samples(): readonly Sample[] {
    const buckets = [...this.#bounds, Infinity].map((bound, i): Sample => {
      const value = this.#counts[i] ?? this.#count;
      return { suffix: '_bucket', labels: { le: writeNumber(bound) }, value };
    });
    return [
      ...buckets,
      { suffix: '_sum', value: this.#sum },
      { suffix: '_count', value: this.#count },
    ];
  }
}
