// Makes the pages' one style sheet from USWDS and our own parts, with a dark theme, and sets it with the pictures that it names beside it.
// usage: node build.mjs MODULES FOLDER   (MODULES has node_modules as the lock file names them; FOLDER gets site.css, img/ and the licence)
//
// USWDS has no dark theme and writes its colours out. Here each colour becomes a custom property, named by what it paints (ink, paper, line) and by its light
// value; dark.json says its dark value. A colour without a row there ends the build, so that no part can stay light at night. Print is always light. What a person has
// chosen (data-theme on html) goes before what the device says.
import { createRequire } from 'node:module';
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const [modules, folder] = process.argv.slice(2).map((p) => resolve(p));
const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(modules, 'package.json'));
const sass = require('sass');
const postcss = require('postcss');
const uswds = join(modules, 'node_modules/@uswds/uswds');

const dark = JSON.parse(readFileSync(join(here, 'dark.json'), 'utf8'));
const colour = /url\([^)]*\)|#[0-9a-f]{3,8}\b|rgba?\([^)]*\)|\b(?:white|black)\b/gi;

// whole is a colour in the one way of writing that dark.json has.
function whole(c) {
  c = c.toLowerCase().replace(/\s+/g, '');
  if (c === 'white') return '#ffffff';
  if (c === 'black') return '#000000';
  return /^#[0-9a-f]{3}$/.test(c) ? '#' + [...c.slice(1)].map((d) => d + d).join('') : c;
}

// paints says what a declaration colours. The background of a masked element is a drawing in that colour.
function paints(decl) {
  if (decl.prop.startsWith('background')) return decl.parent.some((d) => /^(-webkit-)?mask/.test(d.prop)) ? 'ink' : 'paper';
  if (/^(border|outline|box-shadow|column-rule)/.test(decl.prop)) return 'line';
  return 'ink';
}

function literal(decl) {
  for (let p = decl.parent; p; p = p.parent) if (p.type === 'atrule' && /print|forced-colors/.test(p.params)) return true;
  return decl.prop.startsWith('--');
}

const used = new Map();
const missing = new Map();

function named(decl) {
  if (literal(decl)) return;
  const what = paints(decl);
  decl.value = decl.value.replace(colour, (c) => {
    const light = whole(c);
    if (c.startsWith('url(') || light === 'rgba(0,0,0,0)') return c;
    const night = dark[what]?.[light];
    if (!night) {
      missing.set(`${what} ${light}`, `${decl.prop} of ${decl.parent.selector.split(',')[0]}`);
      return c;
    }
    const name = `--${what}-${light.replace(/[^0-9a-f]+/g, '-').replace(/^-|-$/g, '')}`;
    used.set(name, [light, night]);
    return `var(${name})`;
  });
}

function properties() {
  const all = [...used].sort();
  const list = (i) => all.map(([name, values]) => `${name}:${values[i]}`).join(';');
  const night = `color-scheme:dark;${list(1)}`;
  return postcss.parse(`:root{color-scheme:light;${list(0)}}@media screen{:root[data-theme=dark]{${night}}}@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light]){${night}}}`);
}

const compiled = sass.compile(join(here, 'site.scss'), { loadPaths: [join(uswds, 'packages')], style: 'compressed', quietDeps: true, silenceDeprecations: ['import', 'global-builtin', 'if-function'] });
const sheet = postcss.parse(compiled.css);
// Left out of what the components bring: fonts, columns sorted by a script, and what no page uses.
const leftOut = /\[data-sort|\[aria-sort|\.usa-prose|\.width-mobile|\.usa-show-password|\.usa-table__announcement|:-moz-focusring|-tile|indeterminate/;
sheet.walkAtRules('font-face', (rule) => rule.remove());
sheet.walkRules((rule) => {
  if (rule.parent.name?.endsWith('keyframes')) return;
  const kept = rule.selectors.filter((s) => !leftOut.test(s));
  if (kept.length === 0) rule.remove();
  else if (kept.length < rule.selectors.length) rule.selectors = kept;
});
sheet.walkAtRules((rule) => {
  if (rule.nodes?.length === 0) rule.remove();
});
const pictures = new Set();
sheet.walkDecls((decl) => {
  for (const [, name] of decl.value.matchAll(/url\("?(?:img\/)([^")]+)"?\)/g)) pictures.add(name);
  named(decl);
});
if (missing.size > 0) {
  console.error(`dark.json says nothing of:\n  ${[...missing].map((m) => m.join(', as ')).join('\n  ')}`);
  process.exit(1);
}
sheet.prepend(properties());

rmSync(join(folder, 'img'), { recursive: true, force: true });
for (const name of pictures) {
  const to = join(folder, 'img', name);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(name.startsWith('own/') ? join(here, name) : join(uswds, 'dist/img', name), to);
}
copyFileSync(join(uswds, 'LICENSE.md'), join(folder, 'LICENSE.md'));
writeFileSync(join(folder, 'site.css.new'), sheet.toString());
renameSync(join(folder, 'site.css.new'), join(folder, 'site.css'));
