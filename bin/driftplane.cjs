#!/usr/bin/env node
// The one executable. It must parse on any Node ever released, so that an old one gets a clear line instead of a
// syntax error: var, function and no newer syntax in this file.
'use strict';

var fs = require('fs');
var path = require('path');

var root = path.join(__dirname, '..');
var isCheckout = fs.existsSync(path.join(root, 'src', 'cli', 'main.ts'));
var bundledNode = path.join(
  root,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node'
);

function isAtLeast(major, minor) {
  var parts = process.versions.node.split('.');
  return Number(parts[0]) > major || (Number(parts[0]) === major && Number(parts[1]) >= minor);
}

var isNodeEnough = isAtLeast(22, 18);

function fail(message) {
  process.stderr.write('driftplane: ' + message + '\n');
  process.exit(2);
}

function runMain(file) {
  // import() sits in a string because old versions can't parse it, and resolves from this file either way.
  var load = eval('(function (url) { return import(url); })');
  load(require('url').pathToFileURL(path.join(root, file)).href)
    .then(function (cli) {
      return cli.main(process.argv.slice(2));
    })
    .then(
      function (code) {
        process.exitCode = code;
      },
      function (error) {
        process.stderr.write('error: ' + ((error && error.message) || String(error)) + '\n');
        process.exitCode = 2;
      }
    );
}

/** The same command on the Node of the checkout; exit code and signals pass through. */
function runAgainOnBundledNode() {
  var child = require('child_process').spawn(bundledNode, [__filename].concat(process.argv.slice(2)), {
    stdio: 'inherit'
  });
  ['SIGINT', 'SIGTERM', 'SIGHUP'].forEach(function (signal) {
    process.on(signal, function () {
      // A terminal sends its signals to the whole group: the child has this one already.
      if (signal === 'SIGTERM' || !require('tty').isatty(0)) child.kill(signal);
    });
  });
  child.on('error', function (error) {
    fail('could not start ' + bundledNode + ': ' + error.message);
  });
  child.on('exit', function (code, signal) {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** Installs the packages of the checkout, and with them a Node that is new enough, unless they are there. */
function bootstrapOnce() {
  var isInstalled = fs.existsSync(path.join(root, 'node_modules', '.package-lock.json'));
  if (isInstalled && (isNodeEnough || fs.existsSync(bundledNode))) return;
  if (!isAtLeast(20, 0))
    fail('a checkout needs Node.js 20 or newer to install, this is ' + process.versions.node);
  var script = path.join(root, 'scripts', 'bootstrap.mjs');
  var result = require('child_process').spawnSync(process.execPath, [script], {
    stdio: ['ignore', 'ignore', 'inherit']
  });
  if (result.status !== 0) process.exit(2);
}

if (isCheckout) {
  bootstrapOnce();
  if (isNodeEnough) {
    // Stripping the types of the sources is most of the start-up: keep the result.
    require('module').enableCompileCache(path.join(root, 'node_modules', '.cache', 'node'));
    runMain('src/cli/main.ts');
  } else {
    runAgainOnBundledNode();
  }
} else if (isNodeEnough) {
  runMain('dist/cli/main.js');
} else {
  fail('needs Node.js 22.18 or newer, this is ' + process.versions.node + ' (see https://nodejs.org)');
}
