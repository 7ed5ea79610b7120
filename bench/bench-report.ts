import type { Machine } from './machine.ts';
import type { Measurement } from './measure-process.ts';
import { formatTable } from './print-table.ts';

/** What a benchmark found; `--json` writes it as it is. */
export interface BenchReport {
  readonly benchmark: string;
  /** On what, in one line. */
  readonly subject: string;
  readonly machine: Machine;
  /** Load average before the benchmark and at its end; its own processes add one to two. */
  readonly load: { readonly before: number; readonly after: number };
  /** How, one sentence each. */
  readonly method: readonly string[];
  readonly measured: readonly MeasuredProcess[];
  /** What is no process, such as a statement: measured beside others of its kind. */
  readonly sections?: readonly ReportSection[];
  readonly goals: readonly Goal[];
}

export interface ReportSection {
  readonly title: string;
  /** Markdown. */
  readonly text: string;
  /** The same figures in full. */
  readonly data: unknown;
}

export interface MeasuredProcess {
  readonly name: string;
  readonly wallSeconds: Spread;
  /** Median. Null where it could not be measured. */
  readonly cpuSeconds: number | null;
  /** Of the run that needed most. Null where it could not be measured. */
  readonly peakBytes: number | null;
  /** Median wall time as a multiple of that of each peer that it is compared with. */
  readonly ratios: Readonly<Record<string, number>>;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Goal {
  readonly goal: string;
  readonly measured: string;
  /** Null where it could not be measured. */
  readonly isMet: boolean | null;
}

/**
 * Brings the runs of several processes together; `peers` are names among them, the same for all or those that each
 * is compared with.
 */
export function summariseMeasurements(
  names: readonly string[],
  runs: readonly (readonly Measurement[])[],
  peers: readonly string[] | Readonly<Record<string, readonly string[]>>,
): MeasuredProcess[] {
  const walls = new Map(
    names.map((name, index) => [name, spreadOf((runs[index] ?? []).map((run) => run.wallSeconds))]),
  );
  const peersOf = (name: string): readonly string[] =>
    Array.isArray(peers) ? peers : ((peers as Record<string, readonly string[]>)[name] ?? []);
  return names.map((name, index) => {
    const own = runs[index] ?? [];
    const cpu = own.flatMap(({ cpuSeconds }) => cpuSeconds ?? []);
    const peaks = own.flatMap(({ peakBytes }) => peakBytes ?? []);
    const wallSeconds = walls.get(name) as Spread;
    return {
      name,
      wallSeconds,
      cpuSeconds: cpu.length === 0 ? null : spreadOf(cpu).median,
      peakBytes: peaks.length === 0 ? null : Math.max(...peaks),
      ratios: Object.fromEntries(
        peersOf(name).map((peer) => [peer, wallSeconds.median / (walls.get(peer) as Spread).median]),
      ),
    };
  });
}

/** Of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const lower = sorted[Math.floor(middle)] as number;
  const upper = sorted[Math.ceil(middle)] as number;
  return { median: (lower + upper) / 2, min: sorted[0] as number, max: sorted.at(-1) as number };
}

export function formatReport(report: BenchReport): string {
  const { machine, load, measured, goals } = report;
  const peers = [...new Set(measured.flatMap(({ ratios }) => Object.keys(ratios)))];
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const host = [
    `${machine.cpu}, ${machine.cores} cores`,
    `${formatBytes(machine.memoryBytes)} memory`,
    machine.system,
    ...versions,
  ];
  return `${[
    `${report.benchmark}: ${report.subject}`,
    `Machine: ${host.join('; ')}`,
    ...report.method,
    loadText(load, machine.cores),
    '',
    ...(measured.length === 0 ? [] : [processTable(measured, peers), '']),
    ...(report.sections ?? []).flatMap(({ title, text }) => [`${title}:`, '', text, '']),
    formatTable(
      ['goal', 'measured', 'result'],
      goals.map(({ goal, measured: value, isMet }) => [
        goal,
        value,
        isMet === null ? 'not measured' : isMet ? 'met' : 'missed',
      ]),
    ),
  ].join('\n')}\n`;
}

function processTable(measured: readonly MeasuredProcess[], peers: readonly string[]): string {
  return formatTable(
    ['process', 'wall median (min–max)', 'CPU time', 'peak memory', ...peers.map((peer) => `× ${peer}`)],
    measured.map((row) => [
      row.name,
      `${seconds(row.wallSeconds.median)} (${seconds(row.wallSeconds.min)}–${seconds(row.wallSeconds.max)}) s`,
      row.cpuSeconds === null ? 'not measured' : `${seconds(row.cpuSeconds)} s`,
      row.peakBytes === null ? 'not measured' : formatBytes(row.peakBytes),
      ...peers.map((peer) => row.ratios[peer]?.toFixed(2) ?? ''),
    ]),
  );
}

function loadText({ before, after }: BenchReport['load'], cores: number): string {
  const text = `Load average ${before.toFixed(1)} before, ${after.toFixed(1)} at the end, on ${cores} cores.`;
  const isBusy = before > cores / 2 || after > cores + 1;
  return isBusy ? `${text} Others were using the machine: CPU times say more than wall times.` : text;
}

/** Decimal units: 1 MB is 1,000,000 bytes. */
export function formatBytes(bytes: number): string {
  return bytes < 9.95e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function seconds(value: number): string {
  return value.toFixed(2);
}
