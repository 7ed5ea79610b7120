// `npm run lockfile` after `npm install`: adds to package-lock.json what npm leaves out where the registry in use is a
// mirror without the binaries of other platforms. `npm ci` refuses a lock file that lacks them, here and elsewhere.
// Names like "@scope/tool-linux-x64-musl" tell the platform; without integrity, because the package can't be seen.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface LockedPackage {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const lockfile = join(import.meta.dirname, '..', 'package-lock.json');
const knownOs = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const knownCpu = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** Undefined where the name doesn't end in a platform, or the version isn't exact: then nobody can tell. */
function describePlatformPackage(
  name: string,
  version: string,
  dev: boolean | undefined,
): LockedPackage | undefined {
  const words = name.split('/').at(-1)?.split('-') ?? [];
  const os = words.find((word) => knownOs.includes(word));
  const cpu = words.find((word) => knownCpu.includes(word));
  if (os === undefined || cpu === undefined || !/^\d+\.\d+\.\d+/.test(version)) return undefined;
  const libc =
    os === 'linux' ? (words.some((word) => word.startsWith('musl')) ? ['musl'] : ['glibc']) : undefined;
  return {
    version,
    cpu: [cpu],
    ...(dev === true ? { dev } : {}),
    ...(libc === undefined ? {} : { libc }),
    optional: true,
    os: [os],
  };
}

function findMissing(packages: Record<string, LockedPackage>): Record<string, LockedPackage> {
  const missing: Record<string, LockedPackage> = {};
  for (const parent of Object.values(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`;
      if (packages[path] !== undefined) continue;
      const found = describePlatformPackage(name, version, parent.dev);
      if (found !== undefined) missing[path] = found;
    }
  }
  return missing;
}

const lock: { packages: Record<string, LockedPackage> } = JSON.parse(readFileSync(lockfile, 'utf8'));
const missing = findMissing(lock.packages);
const names = Object.keys(missing);

if (names.length > 0 && process.argv.includes('--check')) {
  console.error(
    `package-lock.json lacks ${names.length} packages of other platforms, e.g. ${names[0]}: npm run lockfile`,
  );
  process.exitCode = 1;
} else if (names.length > 0) {
  // In npm's own order, so that its next run changes nothing.
  const sorted = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) =>
    a.localeCompare(b, 'en'),
  );
  writeFileSync(lockfile, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  console.error(`package-lock.json: added ${names.length} packages of other platforms`);
}
