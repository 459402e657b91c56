// SPDX-License-Identifier: Apache-2.0
// Writes the files of a folder as a table of api/http_page.h.
//
//   node embed.mjs FOLDER OUT.c HEADER NAME     HEADER: declares NAME, the table
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const types = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.svg': 'image/svg+xml',
};

const [folder, out, header, name] = process.argv.slice(2);
const paths = readdirSync(folder, { recursive: true, withFileTypes: false })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => extname(path) !== '')
    .sort();

const tag = (bytes) => `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`;
const array = (called, bytes) => {
    const lines = [];
    for (let i = 0; i < bytes.length; i += 24) {
        lines.push([...bytes.subarray(i, i + 24)].join(','));
    }
    return `static const uint8_t ${called}[] = {\n${lines.join(',\n')}\n};\n`;
};

let arrays = '';
let rows = '';
paths.forEach((path, i) => {
    const type = types[extname(path)];
    if (type === undefined) {
        throw new Error(`${path}: a kind of file that the centre does not serve`);
    }
    const bytes = readFileSync(join(folder, path));
    const packed = gzipSync(bytes, { level: 9 });
    packed[9] = 255; // the system it was packed on is not told
    arrays += array(`file_${i}`, bytes) + array(`file_${i}_gz`, packed);
    rows +=
        `    { ${JSON.stringify(path)}, ${JSON.stringify(type)}, ${JSON.stringify(tag(bytes))}, ` +
        `${JSON.stringify(tag(packed))}, ${path.startsWith('assets/')}, ` +
        `file_${i}, sizeof file_${i}, file_${i}_gz, sizeof file_${i}_gz },\n`;
});
writeFileSync(
    out,
    `/* Made by console/embed.mjs. */\n#include "${header}"\n\n` +
        `${arrays}static const struct qw_http_page_file files[] = {\n${rows}};\n` +
        `const struct qw_http_page ${name} = { files, sizeof files / sizeof files[0] };\n`,
);
