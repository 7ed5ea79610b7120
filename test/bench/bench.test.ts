import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BenchReport } from '../../bench/bench-report.ts';

const script = join(import.meta.dirname, '..', '..', 'bench', 'bench.ts');
const hasPeers = ['git', 'openssl'].every((peer) => spawnSync(peer, ['version']).error === undefined);

function runBench(args: readonly string[]) {
  return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
}

describe('bench', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'driftplane-bench-test-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('names its benchmarks to who names none', () => {
    const { status, stdout, stderr } = runBench([]);

    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^ {2}diff {2}/m);
    expect(stderr).toMatch(/^ {2}pipeline {2}/m);
    expect(stderr).toMatch(/^ {2}plans {2}/m);
  });

  test.each([
    ['--items', '999'],
    ['--runs', '0'],
    ['--resaved', '101'],
  ])('refuses %s %s with the numbers that it takes', (option, value) => {
    const { status, stderr } = runBench(['diff', option, value]);

    expect(status).toBe(2);
    expect(stderr).toBe(`bench: ${option} must be a whole number ${rangeOf(option)}, not "${value}"\n`);
  });

  test('refuses an option that the benchmark has no use for', () => {
    const { status, stderr } = runBench(['diff', '--growth']);

    expect(status).toBe(2);
    expect(stderr).toBe('bench: diff has no --growth\n');
  });

  test.skipIf(!hasPeers)('refuses more differing files than git can map, before it writes any', () => {
    const { status, stderr } = runBench(['diff', '--resaved', '100', '--dir', folder]);

    expect(status).toBe(2);
    expect(stderr).toMatch(/^bench: git can't compare more than 32000 files that differ/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.skipIf(!hasPeers)('runs every process, checks its answer and says what it measured', () => {
    const args = ['diff', '--items', '1000', '--runs', '1', '--resaved', '50', '--dir', folder];
    const first = runBench([...args, '--json']);
    const second = runBench(args);
    const report = JSON.parse(first.stdout) as BenchReport;

    expect(first.status).toBe(0);
    expect(report.subject).toMatch(/10 changed, 1 added, 1 removed, 495 saved again/);
    expect(report.measured.map(({ name }) => name)).toEqual([
      'driftplane diff',
      'driftplane diff on folders',
      'git',
      'openssl',
    ]);
    expect(report.goals).toHaveLength(3);
    expect(second.status).toBe(0);
    expect(second.stdout).toMatch(/^\| openssl /m);
    expect(second.stderr).toMatch(/^bench: taking the inventory that is in /m);
    expect(readdirSync(folder)).toHaveLength(1);
  });
});

function rangeOf(option: string): string {
  if (option === '--items') return 'from 1000';
  return option === '--runs' ? 'from 1' : 'from 0 to 100';
}
