// The lab's page: one document, its script included, no build step.
#include "lab/api.hpp"

namespace postroom::lab {

std::string_view lab_page()
{
    return R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Postroom lab</title>
<meta name="viewport" content="width=device-width">
<style>
body { font: 15px/1.5 'Segoe UI', system-ui, sans-serif; margin: 0 auto; max-width: 1100px; padding: 1rem 1.5rem; color: #222 }
h1 { margin: 0 } h2 { margin: 2rem 0 .5rem; border-bottom: 1px solid #ddd }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #eee }
label { display: block; margin: .4rem 0 } input[type=text], textarea, select { font: inherit; width: 100%; box-sizing: border-box; padding: .3rem }
textarea { min-height: 7rem; font-family: ui-monospace, monospace } button { font: inherit; padding: .3rem 1rem; margin: .4rem .4rem 0 0 }
pre { background: #f6f6f6; padding: .8rem; overflow: auto; max-height: 30rem; white-space: pre-wrap } .on { background: #fff4ce }
small { color: #666 } .columns { display: grid; grid-template-columns: 1fr 1fr; gap: 2rem } [role=status] { min-height: 1.5em; color: #0b6a0b }
</style></head><body>
<h1>Postroom lab</h1><p>A simulated Microsoft 365 tenant. <span id="facts"></span></p><p role="status" id="said"></p>
<h2>A customer writes</h2>
<div class="columns">
<form id="write">
<label>From <input type="text" name="from" value="Ada Lovelace &lt;ada@customer.example&gt;" required></label>
<label>To <select name="to"></select></label>
<label>Subject <input type="text" name="subject" value="Where is my order?"></label>
<label>In reply to (a Message-ID, or nothing) <input type="text" name="in_reply_to"></label>
<label>Text <textarea name="text">Hello,

my order has not come yet.

Ada</textarea></label><button>Send</button></form>
<form id="paste">
<label>A whole mail (.eml), pasted <textarea name="raw"></textarea></label>
<label>or from a file <input type="file" name="file"></label>
<label>To mailbox <select name="mailbox"></select></label><button>Put in</button></form></div>
<h2>Mailboxes</h2><table><thead><tr><th>Mailbox<th>Folders that hold mail<th>IMAP<th>POP3<th>SMTP</tr></thead><tbody id="mailboxes"></tbody></table>
<h2>What customers received</h2><table><thead><tr><th>At<th>From<th>To<th>Subject<th>Thread<th></tr></thead><tbody id="outside"></tbody></table>
<pre id="mail" hidden></pre>
<h2>Switchboard</h2><p>Each row makes one item of Postroom's check list fail. <label>For <select id="whose"><option value="">everybody</option></select></label><button id="mend">Mend everything</button></p>
<table><thead><tr><th>Item and way<th>What is wrong then<th>Broken</tr></thead><tbody id="ways"></tbody></table>
<h2>Faults</h2><table><thead><tr><th>Fault<th>Plays<th>For (address; nothing: all)<th>Value<th>Times (0: until off)<th></tr></thead><tbody id="faults"></tbody></table>
<h2>Clock and counters</h2><p><button id="hour">One hour later</button><button id="day">One day later</button></p><pre id="counters"></pre>
<script>
const $ = id => document.getElementById(id);
const api = async (path, options) => {
  const answer = await fetch('/lab/api/' + path, options);
  if (!answer.ok) throw new Error((await answer.json()).message);
  return answer;
};
const get = async path => (await api(path)).json();
const post = (path, body) => api(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
const cell = (row, text) => { const td = row.insertCell(); td.textContent = text ?? ''; return td; };
const button = (where, text, act) => { const b = document.createElement('button'); b.textContent = text; b.onclick = run(act); where.append(b); };
const run = act => async event => { event.preventDefault(); try { $('said').textContent = await act(event) || 'Done.'; } catch (e) { $('said').textContent = e.message; } show(); };
const read = async path => { $('mail').hidden = false; $('mail').textContent = await (await api(path)).text(); $('mail').scrollIntoView(); return ' '; };
let faultsShown = '', waysShown = '';
function showWays(ways) {
  if (JSON.stringify(ways.broken) === waysShown) return;
  waysShown = JSON.stringify(ways.broken);
  $('ways').replaceChildren();
  for (const w of ways.known) {
    const row = $('ways').insertRow(), name = cell(row, w.way); name.style.whiteSpace = 'nowrap';
    const plays = cell(row, w.plays + (w.notes.includes('send') ? ' It shows when a mail is sent.' : '')), more = document.createElement('small');
    more.textContent = ' ' + [w.cause, w.notes.includes('pop3') && 'POP3', w.notes.includes('shared') && 'of a shared mailbox', w.notes.includes('grant') && 'authorize anew after mending'].filter(Boolean).join(', '); plays.append(more);
    const acts = row.insertCell();
    const broken = ways.broken.filter(b => b.way === w.way);
    if (broken.length) row.className = 'on';
    if (w.by === 'lab') {
      const everybody = w.notes.includes('everybody');
      const box = document.createElement('input'); box.type = 'checkbox'; box.checked = broken.length > 0; box.setAttribute('role', 'switch'); box.setAttribute('aria-label', w.way);
      box.onchange = run(() => box.checked ? post('ways', { way: w.way, mailbox: everybody ? '' : $('whose').value }).then(() => w.way + ' is broken.')
        : api('ways?way=' + w.way, { method: 'DELETE' }).then(() => w.way + ' is mended.'));
      acts.append(box, broken.map(b => ' ' + (b.mailbox || 'everybody')).join(','));
    } else acts.textContent = w.by === 'hand' ? 'by hand: ' + w.how : (broken.length ? 'broken; ' : '') + 'postroom lab ' + (broken.length ? 'mend ' : 'break ') + w.way + ' --socket \u2026';
  }
}
async function show() {
  const [status, mailboxes, outside, faults, counters] = await Promise.all(['status', 'mailboxes', 'outside', 'faults', 'counters'].map(get));
  showWays(await get('ways'));
  const whose = $('whose');
  if (whose.options.length !== mailboxes.length + 1) whose.replaceChildren(new Option('everybody', ''), ...mailboxes.map(m => new Option(m.address)));
  $('facts').textContent = `Authority ${status.authority}, time ${status.now}, ${status.imap_connections} IMAP connections.`;
  for (const select of document.querySelectorAll('form select'))
    if (select.options.length !== mailboxes.length) { select.replaceChildren(...mailboxes.map(m => new Option(m.address))); if (mailboxes.some(m => m.address === 'sales@contoso.test')) select.value = 'sales@contoso.test'; }
  $('mailboxes').replaceChildren();
  for (const m of mailboxes) {
    const row = $('mailboxes').insertRow(); cell(row, m.address);
    const folders = row.insertCell();
    for (const f of m.folders.filter(f => f.messages || f.name === 'INBOX')) button(folders, `${f.name}: ${f.messages}`, async () => {
      const list = await get(`mailboxes/${encodeURIComponent(m.address)}/messages?folder=${encodeURIComponent(f.name)}`);
      $('mail').hidden = false; $('mail').textContent = list.map(x => `${x.uid}  ${x.flags}  ${x.From}  ${x.Subject}  ${x['Message-ID']}`).join('\n') || 'Nothing.'; return ' '; });
    cell(row, m.imap_enabled ? 'on' : 'off'); cell(row, m.pop_enabled ? 'on' : 'off'); cell(row, m.smtp_auth_disabled ? 'off' : 'on');
  }
  $('outside').replaceChildren();
  for (const o of outside.slice(0, 200)) {
    const row = $('outside').insertRow();
    cell(row, o.at); cell(row, o.From); cell(row, o.recipients.join(', ')); cell(row, o.Subject);
    cell(row, [o['Message-ID'], o['In-Reply-To'] && 'in reply to ' + o['In-Reply-To'], o.References && 'references ' + o.References].filter(Boolean).join('\n')).style.whiteSpace = 'pre-wrap';
    const acts = row.insertCell();
    button(acts, 'Show', () => read('outside/' + o.id));
    button(acts, 'Answer', () => { const f = $('write'); f.from.value = o.recipients[0]; f.subject.value = 'Re: ' + (o.Subject || '').replace(/^re: /i, ''); f.in_reply_to.value = o['Message-ID'] || ''; f.to.value = o.sender; f.text.value = ''; f.text.focus(); return 'Write the answer above.'; });
  }
  if (JSON.stringify(faults.active) + faults.known.length !== faultsShown) {
    faultsShown = JSON.stringify(faults.active) + faults.known.length;
    $('faults').replaceChildren();
    for (const k of faults.known) {
      const row = $('faults').insertRow(); cell(row, k.id);
      const plays = cell(row, `${k.where}: ${k.plays}`); const source = document.createElement('small'); source.textContent = ' ' + k.source; plays.append(source);
      const input = (value, title) => { const i = document.createElement('input'); i.type = 'text'; i.value = value; i.title = title; i.setAttribute('aria-label', title); row.insertCell().append(i); return i; };
      const scope = input('', 'For'), value = input(k.preset, k.value || 'no value'), times = input('0', 'Times'); value.disabled = !k.value;
      const acts = row.insertCell();
      button(acts, 'On', () => post('faults', { id: k.id, scope: scope.value, times: Number(times.value), ...(k.value ? { value: value.value } : {}) }).then(() => `${k.id} is on.`));
      for (const a of faults.active.filter(a => a.id === k.id)) {
        row.className = 'on';
        button(acts, `Off (${a.scope || 'all'}, played ${a.played})`, () => api(`faults?id=${k.id}&scope=${encodeURIComponent(a.scope)}`, { method: 'DELETE' }).then(() => `${k.id} is off.`));
      }
    }
  }
  $('counters').textContent = JSON.stringify(counters, null, 1);
}
$('write').onsubmit = run(async e => { const f = e.target; await post('mail', { from: f.from.value, to: f.to.value, subject: f.subject.value, text: f.text.value, in_reply_to: f.in_reply_to.value }); return 'The mail is in ' + f.to.value + '.'; });
$('paste').onsubmit = run(async e => { const f = e.target; const body = f.file.files[0] ?? f.raw.value; await api('mail?mailbox=' + encodeURIComponent(f.mailbox.value), { method: 'POST', headers: { 'Content-Type': 'message/rfc822' }, body }); return 'The mail is in ' + f.mailbox.value + '.'; });
$('mend').onclick = run(async () => {
  for (const b of (await get('ways')).broken.filter(b => b.before === null)) await api('ways?way=' + b.way + '&mailbox=' + encodeURIComponent(b.mailbox), { method: 'DELETE' });
  await api('faults', { method: 'DELETE' });
  return 'What the lab has broken is mended.';
});
$('hour').onclick = run(() => post('clock', { advance_s: 3600 }).then(() => 'It is an hour later.'));
$('day').onclick = run(() => post('clock', { advance_s: 86400 }).then(() => 'It is a day later.'));
show(); setInterval(show, 3000);
</script></body></html>
)html";
}

}  // namespace postroom::lab
