import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Database } from '../db/database.ts';
import type { Metrics } from '../http/metrics.ts';

/** What the process counts, and the text of it for a scraper. */
export interface MetricsRegistry extends Metrics {
  requestEnded(request: {
    readonly method: string;
    /** The route's template: addresses themselves would be without end, and hold ids. */
    readonly route: string;
    readonly status: number;
    readonly seconds: number;
  }): void;
  /** In the text format of Prometheus. */
  render(): Promise<string>;
  readonly contentType: string;
}

const requestSeconds = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const workSeconds = [0.05, 0.25, 1, 5, 15, 60, 300, 1800];

/** A registry of its own, so that two servers in one process (tests) do not count together. */
export function createMetrics(database: Database): MetricsRegistry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'driftplane_' });
  const requests = new Histogram({
    name: 'driftplane_http_request_seconds',
    help: 'Requests by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: requestSeconds,
    registers,
  });
  const runs = new Histogram({
    name: 'driftplane_sync_run_seconds',
    help: 'Settled sync runs by status and trigger',
    labelNames: ['status', 'trigger'],
    buckets: workSeconds,
    registers,
  });
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const ingestBytes = counter('driftplane_ingest_bytes_total', 'Bytes of exports and pushes read');
  const ingestItems = counter('driftplane_ingest_items_total', 'Items read, by whether they were parsed', [
    'state',
  ]);
  const ingestSeconds = new Histogram({
    name: 'driftplane_ingest_seconds',
    help: 'Time spent reading an export or a part of a push',
    buckets: workSeconds,
    registers,
  });
  const jobs = new Histogram({
    name: 'driftplane_job_seconds',
    help: 'Ended jobs by kind and outcome',
    labelNames: ['kind', 'outcome'],
    buckets: workSeconds,
    registers,
  });
  const findings = counter('driftplane_findings_total', 'Events of findings by kind', ['kind']);
  addPoolGauges(registry, database);
  addQueueGauges(registry, database);

  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    requestEnded: ({ method, route, status, seconds }) =>
      requests.observe({ method, route, status: String(status) }, seconds),
    runSettled: ({ status, trigger, seconds }) => runs.observe({ status, trigger }, seconds),
    ingested({ bytes, items, changed, seconds }) {
      ingestBytes.inc(bytes);
      ingestItems.inc({ state: 'changed' }, changed);
      ingestItems.inc({ state: 'unchanged' }, items - changed);
      ingestSeconds.observe(seconds);
    },
    jobEnded: ({ kind, outcome, seconds }) => jobs.observe({ kind, outcome }, seconds),
    findingsChanged: ({ kind, count }) => findings.inc({ kind }, count),
  };
}

function addPoolGauges(registry: Registry, database: Database): void {
  new Gauge({
    name: 'driftplane_database_connections',
    help: 'Connections of the pools by state; waiting are requests for one',
    labelNames: ['pool', 'state'],
    registers: [registry],
    collect() {
      for (const pool of ['app', 'access', 'ingest', 'jobs'] as const) {
        const { totalCount, idleCount, waitingCount } = database[pool];
        this.set({ pool, state: 'used' }, totalCount - idleCount);
        this.set({ pool, state: 'idle' }, idleCount);
        this.set({ pool, state: 'waiting' }, waitingCount);
      }
    },
  });
}

function addQueueGauges(registry: Registry, database: Database): void {
  // All gauges of one scrape are collected at once, and share the question.
  let asked: Promise<QueueRow[]> | null = null;
  const ask = (): Promise<QueueRow[]> => {
    // A scraper still wants the rest when the database is away.
    asked ??= readQueue(database)
      .catch(() => [])
      .finally(() => {
        asked = null;
      });
    return asked;
  };
  const addGauge = (name: string, help: string, read: (row: QueueRow) => string): void => {
    new Gauge({
      name,
      help,
      labelNames: ['kind'],
      registers: [registry],
      async collect() {
        const rows = await ask();
        this.reset();
        for (const row of rows) this.set({ kind: row.kind }, Number(read(row)));
      },
    });
  };
  addGauge('driftplane_queue_jobs', 'Jobs that are due and not begun', ({ count }) => count);
  addGauge('driftplane_queue_lag_seconds', 'How long the oldest of them has been due', ({ lag }) => lag);
}

interface QueueRow {
  readonly kind: string;
  readonly count: string;
  readonly lag: string;
}

async function readQueue(database: Database): Promise<QueueRow[]> {
  const { rows } = await database.jobs.query<QueueRow>(
    `select task_identifier as kind, count(*) as count, extract(epoch from now() - min(run_at)) as lag
     from graphile_worker.jobs
     where locked_at is null and run_at <= now() and attempts < max_attempts
     group by task_identifier`,
  );
  return rows;
}
