// Installs what package-lock.json asks for, if it isn't there yet. Plain JavaScript for Node >= 20, without
// dependencies: it runs before anything is installed. Says one line on stderr when it installs, nothing otherwise.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const lockFile = join(root, '.bootstrap.lock');
const lockExpiresAfterMs = 20 * 60_000;
const [executable, link] = process.platform === 'win32' ? ['node.exe', 'node.cmd'] : ['node', 'node'];
const bundledNode = join(root, 'node_modules', 'node', 'bin', executable);
const bundledNodeLink = join(root, 'node_modules', '.bin', link);
const isHostNodeEnough = isAtLeast(process.versions.node, 22, 18);

function isAtLeast(version, major, minor) {
  const [hasMajor = 0, hasMinor = 0] = version.split('.').map(Number);
  return hasMajor > major || (hasMajor === major && hasMinor >= minor);
}

function fail(message) {
  process.stderr.write(`driftplane: ${message}\n`);
  process.exit(2);
}

/**
 * npm keeps its own record of what it installed; an interrupted installation leaves none. What is optional may
 * be absent (binaries of other platforms).
 */
function isInstalled() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found === undefined) return entry.optional === true;
    return found.version === entry.version && (entry.integrity ?? found.integrity) === found.integrity;
  });
}

function isRuntimeReady() {
  return isHostNodeEnough || (existsSync(bundledNode) && existsSync(bundledNodeLink));
}

/** Runs npm quietly; its output is shown only when it fails. */
function npm(...args) {
  const result = spawnSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32',
  });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  const reason = result.error?.message ?? `exit code ${result.status ?? result.signal}`;
  fail(`"npm ${args.join(' ')}" failed (${reason}); can the npm registry be reached?`);
}

function install() {
  process.stderr.write('driftplane: installing packages (npm ci), once …\n');
  npm('ci', '--include=dev');
  // The "node" package fetches its binary in an install script, which npm may have been told not to run.
  if (!isRuntimeReady()) npm('rebuild', 'node', '--ignore-scripts=false');
  if (!isRuntimeReady()) {
    fail(`no Node.js >= 22.18: the host has ${process.versions.node}, and ${bundledNode} is missing`);
  }
}

/** True when the lock is ours now; false when another living process holds it. */
function takeLock() {
  try {
    const descriptor = openSync(lockFile, 'wx');
    writeSync(descriptor, String(process.pid));
    closeSync(descriptor);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') fail(`can't write to ${root}: ${error.message}`);
  }
  if (isLockAbandoned()) rmSync(lockFile, { force: true });
  return false;
}

function isLockAbandoned() {
  try {
    if (Date.now() - statSync(lockFile).mtimeMs > lockExpiresAfterMs) return true;
    const holder = Number(readFileSync(lockFile, 'utf8'));
    if (holder > 0) process.kill(holder, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

if (!isInstalled() || !isRuntimeReady()) {
  while (!takeLock()) await sleep(200);
  process.on('exit', () => rmSync(lockFile, { force: true }));
  if (!isInstalled() || !isRuntimeReady()) install();
}
