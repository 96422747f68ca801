// Fails when what a browser fetches before the panel's first screen weighs more than the limit, compressed.
//
//   node panel-size.mjs FOLDER LIMIT
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';

const [folder, limit] = [process.argv[2], Number(process.argv[3])];
const read = (path) => readFileSync(join(folder, path));

// What the page names, and what its scripts import before they run. Lazily imported pages come later.
const fetched = new Set(['index.html']);
const add = (path, from) => {
  if (/^(https?:)?\/\//.test(path)) throw new Error(`${from} fetches ${path} from elsewhere`);
  if (path.startsWith('data:')) return;
  const clean = path.replace(/[?#].*$/, '');
  fetched.add(clean.startsWith('/') ? clean.slice(1) : normalize(join(dirname(from), clean)));
};
for (const path of fetched) {
  const text = read(path).toString('utf8');
  if (path.endsWith('.html')) {
    for (const [, named] of text.matchAll(/<(?:script|link)\b[^>]*?(?:src|href)="([^"]+)"/g)) add(named, path);
  } else if (path.endsWith('.js')) {
    for (const [, named] of text.matchAll(/(?:\bfrom|\bimport)\s*["']([^"']+\.js)["']/g)) add(named, path);
  }
}

let total = 0;
for (const path of fetched) {
  const weight = gzipSync(read(path), { level: 9 }).length;
  total += weight;
  console.log(`${String(weight).padStart(8)}  ${path}`);
}
console.log(`${String(total).padStart(8)}  at first load, of ${limit} bytes allowed (gzip)`);
if (total > limit) {
  console.error('The panel is too heavy at first load: import pages lazily or drop a library.');
  process.exit(1);
}
