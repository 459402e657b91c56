// SPDX-License-Identifier: Apache-2.0
// Runs test/unit/*.test.ts: packed by esbuild, which Vite brings, and run by Node's own runner.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, '../../build/console/test');
const tests = readdirSync(join(here, 'unit')).filter((name) => name.endsWith('.test.ts'));

await build({
    entryPoints: tests.map((name) => join(here, 'unit', name)),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    outdir: out,
    outExtension: { '.js': '.mjs' },
    logLevel: 'warning',
});
const files = tests.map((name) => join(out, name.replace(/\.ts$/, '.mjs')));
process.exit(spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit' }).status ?? 1);
