// What commands say to people: in a language that nobody speaks no plain English word is left, and in each real one help,
// refusals and causes are said in it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { run, scenario, startServer } from '../support/house.mjs';

const program = process.env.POSTROOM ?? new URL('../../build/dev/postroom', import.meta.url).pathname;

function say(...words) {
  const ran = spawnSync(program, words, { encoding: 'utf8', env: { PATH: process.env.PATH, POSTROOM_SOCKET: '/no/such/socket' } });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

// What is the same in every language: commands and options, their values, data and other people's words.
const names = new Set('postroom en fr nl pt BR ar'.split(' '));

/** The words of plain letters in `text` that are no names of commands, options, files or values. */
function plain(text, allowed) {
  const bare = text
    .replace(/^( {2}postroom .*| {2}pwgen .*)$/gm, '') // examples, as they are typed
    .replace(/\{[^}]*\}/g, '') // the values of an option
    .replace(/--?[a-z][\w-]*/g, '')
    .replace(/\S*[/@:=|]\S*/g, ' ')
    .replace(/^ {2}[a-z][a-z0-9-]* /gm, ''); // a command or an argument that is explained
  return [...bare.matchAll(/[A-Za-z]{2,}\d*/g)].map(([word]) => word).filter((word) => !names.has(word) && !allowed.has(word));
}

/** Every command with its sub-commands, as its own help lists them. */
function* commands(path = []) {
  yield path;
  const { out } = say(...path, '--help');
  const listed = out.split(/^Subcommands:\n/m)[1] ?? '';
  for (const [, name] of listed.split('\n\n')[0].matchAll(/^ {2}([a-z][a-z0-9]*) /gm)) yield* commands([...path, name]);
}

test('help has no word that was not marked', () => {
  const all = [...commands()];
  assert.ok(all.length > 40, `only ${all.length} commands were found`);
  const allowed = new Set(all.flat());
  for (const path of all) {
    const { code, out } = say(...path, '--lang', 'qps', '--help');
    assert.equal(code, 0, path.join(' '));
    assert.match(out, /\[Úšáğé\]/, path.join(' '));
    const positionals = out.match(/(?<=\[\[ÓÞŢÍÓÑŠ\]\]).*/)?.[0].match(/\w+/g) ?? [];
    assert.deepEqual(plain(out, new Set([...allowed, ...positionals])), [], `postroom ${path.join(' ')} --help`);
  }
});

test('refusals have no word that was not marked', () => {
  for (const words of [['acount'], ['case', 'show'], ['case', 'list'], ['mailbox', 'list'], ['case', 'list', '--state', 'x'], ['explain'], ['account', 'list', '--no-such']]) {
    const { code, err } = say('--lang', 'qps', ...words);
    assert.notEqual(code, 0);
    assert.match(err, /\[.*[áéíóú].*\]/);
    const listed = err.match(/: (serve.*)/)?.[1].split(/\W+/) ?? [];
    assert.deepEqual(plain(err, new Set([...words, ...listed, 'number', 'open', 'closed', 'such', 'No', 'file', 'or', 'directory', 'no'])), [], words.join(' '));
  }
});

test('causes are explained in the language that was asked for', () => {
  const said = '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.';
  const disguised = say('explain', '--lang', 'qps', said);
  assert.equal(disguised.code, 0);
  // Commands are in nobody's language.
  const typed = /^ {4}(Exchange Online|Microsoft Graph) PowerShell:$|^ {6}(\[Úñđó\]: )?[A-Z][a-z]+-[A-Z]/;
  const marked = disguised.out.split('\n').filter((line) => !line.includes('[Šóúŕçé]') && !line.includes('[Çĥéçķ]') && !typed.test(line));
  assert.deepEqual(plain(marked.join('\n').replace(/\([a-z-]+\)/g, ''), new Set()), []);
  const seen = new Set();
  for (const language of ['en', 'fr', 'nl', 'pt-BR', 'ar']) seen.add(say('explain', '--lang', language, said).out);
  assert.equal(seen.size, 5, 'each language says it in its own words');
});

test('the language comes from --lang, then from the environment', () => {
  const help = (env, ...words) => spawnSync(program, [...words, 'explain', '--help'], { encoding: 'utf8', env }).stdout;
  assert.match(help({}), /^Usage/m);
  assert.match(help({ LANG: 'nl_NL.UTF-8' }), /^Gebruik/m);
  assert.match(help({ LANG: 'nl_NL.UTF-8', LANGUAGE: 'fr:nl' }), /^Commandes?|^Usage/m);
  assert.match(help({ LANG: 'nl_NL.UTF-8' }, '--lang', 'pt-BR'), /^Uso/m);
  assert.match(help({ LANG: 'nl_NL.UTF-8' }, '--lang=ar'), /^الاستخدام/m);
  const wrong = say('--lang', 'tlh', 'explain', '--help');
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /there is no language tlh; there are: en, fr, nl, pt-BR, ar/);
});

scenario('lists have no word that was not marked; the API says in whose language it answers', {}, async ({ keep }) => {
  const server = await keep(startServer({ anchors: [] }));
  for (const list of ['account', 'application', 'department', 'mailbox', 'case', 'outbound', 'exception', 'alarm']) {
    const { code, out, err } = await run([list, 'list', '--lang', 'qps', '--socket', server.socket]);
    assert.equal(code, 0, err);
    assert.deepEqual(plain(out, new Set()), [], `postroom ${list} list`);
  }
  const refused = await run(['case', 'show', '7', '--lang', 'qps', '--socket', server.socket]);
  assert.match(refused.err, /\[ţĥéŕé íš ñó çášé 7\]/);
  const dutch = await run(['case', 'show', '7', '--lang', 'nl', '--socket', server.socket]);
  assert.match(dutch.err, /case 7/);
  assert.doesNotMatch(dutch.err, /there is no/);
});
