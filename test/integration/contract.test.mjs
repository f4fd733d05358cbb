// The contract walked: every path and method of the document that the running server serves is asked for, in the right way and in wrong ones,
// and each answer must be one that the document describes: its status, its headers, its type, its members.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import YAML from 'yaml';
import { request } from '../support/browser.mjs';
import { readContract, target } from '../support/contract.mjs';
import { addAccount, authorize, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { addPeople, password, signIn } from '../support/people.mjs';
import { until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const other = 'support@contoso.test';

// What no mail begins with.
const noMail = (words) => `X-${words}: ${words}\r\n\r\n${words}\r\n`;
const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const rich = `From: Ann <ann@example.com>\r\nTo: ${sales}\r\nSubject: rich\r\nMessage-ID: <rich@example.com>\r\nMIME-Version: 1.0\r\n`
  + 'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n'
  + `--x\r\nContent-Type: image/png; name=dot.png\r\nContent-Disposition: attachment; filename=dot.png\r\nContent-Transfer-Encoding: base64\r\n\r\n${picture}\r\n--x--\r\n`;

/** A house with a little of everything, two of what comes in lists. */
async function furnish(keep) {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addPeople(server);
  for (const user of [sales, other]) {
    await addAccount(server, { user, imap: lab.facts.imap, smtp: lab.facts.smtp });
    assert.equal((await authorize(server, user.split('@')[0], user, lab.signIn)).state, 'accepted');
  }
  await lab.mail(sales, rich);
  await lab.mail(sales, noMail('one'));
  await lab.mail(sales, noMail('two'));
  await lab.mail(other, `From: b@example.com\r\nTo: ${other}\r\nSubject: plain\r\n\r\nHello\r\n`);
  const open = await server.caseAbout('rich');
  const plain = await server.caseAbout('plain');
  const sent = await server.api(`cases/${open.number}/replies`, { text: 'Thank you.' });
  await server.sent(sent.id);
  const scheduled = await server.api(`cases/${open.number}/replies`, { text: 'Later.', send_at: new Date(Date.now() + 3_600_000).toISOString() });
  const uploads = [];
  for (const name of ['one.txt', 'two.txt']) uploads.push(await server.api(`uploads?name=${name}`, {}));
  await lab.api('faults', { id: 'smtp-send-as-denied', scope: other });
  const refused = await server.api('messages', { mailbox: other, to: ['c@example.com'], subject: 'refused', text: 'x' });
  await until('a mail that failed', async () => (await server.api(`outbound/${refused.id}`)).state === 'failed');
  const exceptions = await until('two exceptions', async () => {
    const { items } = await server.api('exceptions');
    return items.length === 2 && items;
  });
  await server.api('users', { name: 'spare', password, role: 'auditor' });
  await server.api('users', { name: 'invited', role: 'auditor' });
  const link = await server.api('users/invited/link', undefined, 'POST');
  const token = await server.api('tokens', { name: 'one', scopes: ['cases:read'], user: 'system-administrator' });
  await server.api('tokens', { name: 'two', scopes: ['cases:read'], user: 'system-administrator' });
  await server.command('account', 'add', 'spare', '--department', 'Customer care', '--application', 'provider', '--user', 'spare@contoso.test',
    '--imap-host', lab.facts.imap, '--smtp-host', lab.facts.smtp);
  const begun = await server.api('accounts/spare/authorizations', { flow: 'device' });
  const credential = await server.api('applications/provider/credentials', { client_secret: 'the next one' });
  const trial = await server.api('accounts/sales/rights/trial', {});
  await until('the trial having ended', async () => (await server.api(`trials/${trial.id}`)).state === 'done', { limit: 60_000 });
  const reconciliation = await server.api(`mailboxes/${sales}/reconciliations`, { bytes: true });
  await until('the comparison having ended', async () => (await server.api(`reconciliations/${reconciliation.id}`)).state === 'done', { limit: 60_000 });
  const checked = await server.api('checks/runs', { items: ['dns', 'grant-present'] });
  await until('the check list having ended', async () => (await server.api(`checks/runs/${checked.id}`)).state === 'done', { limit: 60_000 });
  const on = (await server.api('servers')).items[0].name;
  const connection = await server.api('connections', { protocol: 'smtp', account: 'sales', transcript: true, on });
  await until('the connection test having ended', async () => (await server.api(`connections/${connection.id}`)).state === 'done', { limit: 60_000 });
  await server.command('settings', 'set', 'alarm-recipients', 'ann@contoso.test');
  await server.command('settings', 'set', 'alarm-disk-filling', '100');
  const route = await server.command('alarm', 'route', 'add', '--server', 'localhost:9', '--from', 'postroom@contoso.test');
  const webhook = await server.command('webhook', 'add', 'tickets', '--url', 'http://localhost:9/in', '--event', 'case-opened');
  // What nobody tells now does not change meanwhile.
  await server.command('webhook', 'change', 'tickets', '--off');
  await server.command('webhook', 'test', 'tickets');
  const delivery = await server.command('webhook', 'test', 'tickets');
  const notification = await server.api('notifications', {});
  const alarm = await until('an alarm', async () => (await server.api('alarms')).items[0], { limit: 30_000 });
  return { lab, server, scheduled, uploads, alarm, route, webhook, delivery, notification, open: await server.api(`cases/${open.number}`), plain, sent, refused, exceptions, token, begun, credential, trial, reconciliation, checked, connection, on,
    secret: new URL(link.url).hash.slice(1) };
}

// A good request for each operation, in the order in which they are made: by the system administrator, unless `as` says otherwise. What is
// made here may be taken away here, at the end.
const fixtures = {
  getVersion: () => ({}),
  getContract: () => ({}),
  getCheckReportSchema: () => ({}),
  getMetrics: () => ({}),
  returnFromProvider: () => ({ query: { state: 'nothing', code: 'x' }, status: 400 }),
  signIn: () => ({ body: { name: 'agent', password } }),
  getSession: () => ({}),
  changePassword: () => ({ body: { old: password, new: 'another battery' }, as: 'spare' }),
  lookAtLink: (house) => ({ body: { secret: house.secret } }),
  useLink: (house) => ({ body: { secret: house.secret, password } }),
  listTokens: () => ({}),
  addToken: () => ({ body: { name: 'three', scopes: ['cases:read'], days: 1 } }),
  removeToken: (house) => ({ params: { id: house.token.id } }),
  listUsers: () => ({}),
  addUser: () => ({ body: { name: 'new one', password, role: 'agent', departments: ['Customer care'] } }),
  showUser: () => ({ params: { name: 'agent' } }),
  changeUser: () => ({ params: { name: 'new one' }, body: { role: 'auditor', departments: [] } }),
  makeLink: () => ({ params: { name: 'new one' } }),
  endSessions: () => ({ params: { name: 'new one' } }),
  removeUser: () => ({ params: { name: 'new one' } }),
  listSettings: () => ({}),
  showSetting: () => ({ params: { name: 'doubt-delays' } }),
  setSetting: () => ({ params: { name: 'doubt-delays' }, body: { value: '30s,2m' } }),
  listDepartments: () => ({}),
  addDepartment: () => ({ body: { name: 'Returns' } }),
  showScreens: () => ({ params: { name: 'Returns' } }),
  setScreens: () => ({ params: { name: 'Returns' }, body: { senders: ['Spam.example', 'news*@*.example.org'], file_names: ['.exe'], contents: ['program'],
    permanent_phrases: ['gone away'], temporary_phrases: ['come back later'], largest: 26214400, above: 'hold', default_phrases: false } }),
  changeScreens: () => ({ params: { name: 'Returns' }, body: { kind: 'sender', add: ['bücher.example'], remove: ['spam.example'], largest: null, above: 'cut', default_phrases: true } }),
  testScreens: () => ({ params: { name: 'Returns' }, body: { mail: Buffer.from(rich).toString('base64') } }),
  listApplications: () => ({}),
  addApplication: () => ({ body: { name: 'second', tenant: 'contoso.com', client_id: 'b', client_secret: 'secret' } }),
  showApplication: () => ({ params: { name: 'second' } }),
  changeApplication: () => ({ params: { name: 'second' }, body: { name: 'second', tenant: 'fabrikam.com', client_id: 'c' } }),
  showRegistration: () => ({ params: { name: 'provider' } }),
  addCredential: () => ({ params: { name: 'second' }, body: { client_secret: 'next', ends: '2040-01-01T00:00:00Z' } }),
  removeCredential: (house) => ({ params: { name: 'provider', id: house.credential.id } }),
  removeApplication: () => ({ params: { name: 'second' } }),
  listAccounts: () => ({}),
  addAccount: (house) => ({ body: { name: 'third', department: 'Returns', application: 'provider', user: 'third@contoso.test', kind: 'shared',
    imap_host: house.lab.facts.imap, smtp_host: house.lab.facts.smtp } }),
  showAccount: () => ({ params: { name: 'sales' } }),
  changeAccount: (house) => ({ params: { name: 'third' }, body: { name: 'fourth', imap_host: house.lab.facts.imap, smtp_host: 'localhost:465' } }),
  convertAccount: () => ({ params: { name: 'fourth' }, body: { access: 'delegated', application: 'provider', user: 'fourth@contoso.test' } }),
  beginAuthorization: () => ({ params: { name: 'fourth' }, body: { flow: 'code', test_mail: true, consent: true } }),
  listAuthorizations: () => ({ params: { name: 'spare' } }),
  setTranscript: () => ({ params: { name: 'fourth' }, body: { on: true } }),
  showAuthorization: (house) => ({ params: { id: house.begun.id } }),
  listRights: () => ({ params: { name: 'sales' } }),
  beginTrial: () => ({ params: { name: 'sales' }, body: { test_mail: false } }),
  showTrial: (house) => ({ params: { id: house.trial.id } }),
  listMailboxes: () => ({}),
  addMailbox: () => ({ body: { address: 'third@contoso.test', account: 'fourth', display_name: 'Third', folder: 'INBOX', baseline: '7d', after: 'seen', after_folder: 'Done' } }),
  showMailbox: () => ({ params: { address: sales } }),
  changeMailbox: () => ({ params: { address: 'third@contoso.test' }, body: { display_name: '', folder: 'Inbox/2', after: 'leave', after_folder: 'x', poll: 60 } }),
  showAcknowledgement: () => ({ params: { address: sales } }),
  setAcknowledgement: () => ({ params: { address: sales }, body: { active: true, subject: 'Got {{subject}}', text: 'Case {{number}}' } }),
  listLedger: () => ({ params: { address: sales }, query: { limit: 10 } }),
  beginReconciliation: () => ({ params: { address: sales }, body: { bytes: false } }),
  listCheckItems: () => ({}),
  beginCheckRun: (house) => ({ body: { items: ['dns'], account: 'sales', mailbox: sales, may_send: false, on: house.on } }),
  listServers: () => ({}),
  beginConnection: (house) => ({ body: { protocol: 'imap', host: house.lab.facts.imap, implicit_tls: true, user: sales, token: 'eyJ', folder: 'INBOX', limit_s: 5, transcript: true, on: house.on } }),
  showConnection: (house) => ({ params: { id: house.connection.id } }),
  showCheckRun: (house) => ({ params: { id: house.checked.id } }),
  showCheckReport: (house) => ({ params: { id: house.checked.id } }),
  showCheckItem: () => ({ params: { item: 'mailbox-access' } }),
  listCheckRuns: () => ({}),
  listFindings: () => ({ query: { item: 'dns', account: 'sales', subject_has: '%', limit: 5 } }),
  listFindingGroups: () => ({ query: { mailbox: sales } }),
  showFindingHistory: () => ({ params: { item: 'dns' }, query: { subject: 'localhost', limit: 5 } }),
  showReconciliation: (house) => ({ params: { id: house.reconciliation.id } }),
  resolveMailbox: () => ({ params: { address: 'third@contoso.test' }, body: { as: 'skip' }, status: 409 }),
  removeMailbox: () => ({ params: { address: 'third@contoso.test' } }),
  removeAccount: () => ({ params: { name: 'fourth' } }),
  retrieveOnce: () => ({ body: { mailbox: sales } }),
  streamEvents: () => ({ stream: true }),
  listCases: () => ({ query: { state: 'open', department: 'Customer care', assigned: 'nobody', waiting: true, customer: 'b@example.com', limit: 10 } }),
  showCase: (house) => ({ params: { number: house.open.number } }),
  changeCase: (house) => ({ params: { number: house.open.number }, body: { state: 'closed' } }),
  showDepartmentSending: () => ({ params: { name: 'Customer care' } }),
  setDepartmentSending: () => ({ params: { name: 'Customer care' }, body: { signature: 'Contoso', signature_html: '<b>Contoso</b>', patience: 60 } }),
  setTemplate: () => ({ params: { name: 'Customer care', template: 'soon' }, body: { subject: 'Soon', text: 'Dear {{name}}', html: '<p>Dear {{name}}</p>' } }),
  listTemplates: () => ({ params: { name: 'Customer care' } }),
  showAccountSending: () => ({ params: { name: 'sales' } }),
  setAccountSending: () => ({ params: { name: 'sales' }, body: { messages_a_minute: 100, recipients_a_day: 0, connections: 2, recipients_a_message: null, sent_folder: '', append_sent: false } }),
  showMailboxSending: () => ({ params: { address: sales } }),
  setMailboxSending: () => ({ params: { address: sales }, body: { reply_to: 'Answers <answers@contoso.test>' } }),
  prepareAnswer: (house) => ({ params: { number: house.open.number }, query: { kind: 'reply-all', template: 'soon' } }),
  removeTemplate: () => ({ params: { name: 'Customer care', template: 'soon' } }),
  addUpload: () => ({ query: { name: 'three.txt' }, body: 'octets' }),
  replyToCase: (house) => ({ params: { number: house.open.number }, body: { text: 'a', html: '<p>a</p>', to: ['ann@example.com'], cc: ['d@example.com'],
    bcc: ['e@example.com'], all: true, quote: true, activity: house.open.items[0].id, attachments: [], sign: false, undo: false, close: false } }),
  forwardFromCase: (house) => ({ params: { number: house.open.number }, body: { to: ['lab@example.com'], text: 'a', with_attachments: true } }),
  cancelOutbound: (house) => ({ params: { id: house.scheduled.id }, body: {} }),
  removeUpload: (house) => ({ params: { id: house.uploads[0].id }, status: 404 }),  // it is somebody else's
  pickCase: (house) => ({ params: { number: house.open.number }, as: 'agent', status: 409 }),  // it is closed by now
  assignCase: (house) => ({ params: { number: house.plain.number }, body: { agent: 'agent' } }),
  transferCase: (house) => ({ params: { number: house.plain.number }, body: { department: 'Returns', mailbox: 'third@contoso.test' }, status: 400 }),  // which is gone
  listTargets: (house) => ({ params: { number: house.plain.number } }),
  addNote: (house) => ({ params: { number: house.plain.number }, body: { text: 'a note' } }),
  listQueues: () => ({}),
  pickFromQueue: () => ({ params: { name: 'Customer care' }, query: { for: 'agent' }, as: 'agent' }),
  showActivityHtml: (house) => ({ params: { id: house.open.items[0].id } }),
  showActivityRaw: (house) => ({ params: { id: house.open.items[0].id } }),
  showActivityPart: (house) => ({ params: { id: house.open.items[0].id, part: house.open.items[0].attachments[0].part } }),
  sendMessage: () => ({ body: { mailbox: sales, to: ['e@example.com'], cc: ['f@example.com'], subject: 'new', text: 'x', html: '<p>x</p>' } }),
  listOutbound: () => ({ query: { state: 'failed' } }),
  showOutbound: (house) => ({ params: { id: house.sent.id } }),
  resolveOutbound: (house) => ({ params: { id: house.refused.id }, body: { as: 'resend' } }),
  listExceptions: () => ({}),
  showExceptionRaw: (house) => ({ params: { id: house.exceptions[0].id } }),
  retryException: (house) => ({ params: { id: house.exceptions[0].id } }),
  releaseException: (house) => ({ params: { id: house.exceptions[1].id }, status: 409 }),  // no screen holds it
  fileException: (house) => ({ params: { id: house.exceptions[1].id }, body: { case: null } }),
  listAlarms: () => ({}),
  acknowledgeAlarm: (house) => ({ params: { id: house.alarm.id }, body: { acknowledged: true } }),
  silenceAlarm: (house) => ({ params: { id: house.alarm.id }, body: { minutes: 5 } }),
  listAlarmRoutes: () => ({}),
  addAlarmRoute: () => ({ body: { account: 'sales', place: 1 } }),
  changeAlarmRoute: (house) => ({ params: { id: house.route.id }, body: { place: 1 } }),
  removeAlarmRoute: (house) => ({ params: { id: house.route.id } }),
  listNotifications: () => ({ query: { limit: 10 } }),
  showNotification: (house) => ({ params: { id: house.notification.id } }),
  testAlarms: () => ({ body: {} }),
  listWebhooks: () => ({}),
  addWebhook: () => ({ body: { name: 'second', url: 'https://tickets.contoso.test/in', events: ['case-opened', 'alarm-begins'] } }),
  changeWebhook: (house) => ({ params: { id: house.webhook.id }, body: { name: 'crm', url: 'http://localhost:9/in', events: ['reply-sent'], enabled: false } }),
  renewWebhookSecret: (house) => ({ params: { id: house.webhook.id }, body: {} }),
  testWebhook: (house) => ({ params: { id: house.webhook.id }, body: {} }),
  listDeliveries: (house) => ({ params: { id: house.webhook.id }, query: { limit: 10 } }),
  repeatDelivery: (house) => ({ params: { id: house.webhook.id, delivery: house.delivery.id }, body: {} }),
  removeWebhook: (house) => ({ params: { id: house.webhook.id } }),
  explainText: () => ({ query: { text: '535 5.7.139 Authentication unsuccessful' } }),
  listAudit: () => ({ query: { limit: 1000 } }),
  signOut: () => ({ as: 'agent' }),
};

/** A value that no schema of this property takes. */
function wrongly(schema) {
  if (schema.enum) return 'nothing of the kind';
  if (['string', 'array'].includes(schema.type)) return 17;
  return 'a text';
}

/** A head alone, as bytes; the answer up to the end of the connection. */
function raw(port, text) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text));
    let bytes = '';
    socket.setTimeout(120_000, () => socket.destroy(new Error(`no answer to ${text.slice(0, 80)}`)));
    socket.on('data', (piece) => {
      bytes += piece;
      const [head, body] = bytes.split('\r\n\r\n');
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? Number.NaN);
      if (body === undefined || Buffer.byteLength(body) < length) return;
      socket.destroy();
      const headers = Object.fromEntries(head.split('\r\n').slice(1).map((line) => [line.split(': ')[0].toLowerCase(), line.slice(line.indexOf(': ') + 2)]));
      resolve({ status: Number(head.split(' ')[1]), headers, bytes: Buffer.from(body) });
    }).once('error', reject);
  });
}

/** The beginning of a stream of events. */
function beginning(url, headers) {
  return new Promise((resolve, reject) => {
    const sent = http.get(url, { headers, agent: false }, (answer) => answer.once('data', (bytes) => {
      resolve({ status: answer.statusCode, headers: answer.headers, bytes });
      answer.destroy();
    }));
    sent.setTimeout(120_000, () => sent.destroy(new Error('no event came')));
    sent.once('error', reject);
  });
}

class Walk {
  wrong = [];
  requests = 0;
  recorded = [];

  constructor(server, contract) {
    this.server = server;
    this.contract = contract;
  }

  judge(operation, what, answer, ...statuses) {
    ++this.requests;
    this.recorded.push({ id: operation.id, answer });
    for (const each of this.contract.judge(operation, answer)) this.wrong.push(`${operation.id}, ${what}: ${each}`);
    if (statuses.length && !statuses.includes(answer.status))
      this.wrong.push(`${operation.id}, ${what}: ${answer.status} instead of ${statuses.join(' or ')}: ${answer.bytes.toString().slice(0, 200)}`);
    return answer;
  }

  ask(operation, { params, query, body, headers = {}, host }) {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    return request(this.server.url + target(operation, params, query), {
      method: operation.method, body: text, headers: { ...json, ...headers, ...(host ? { host } : {}) },
    });
  }

  /** What must be refused of any operation, before the good request is made. */
  async refusals(operation, good, headers) {
    const open = operation.access === 'anyone';
    const changes = operation.method !== 'GET';
    const expect = async (what, changed, ...statuses) =>
      this.judge(operation, what, await this.ask(operation, { ...good, headers, ...changed }), ...statuses);
    if (!open) await expect('nobody signed in', { headers: {} }, 401);
    if (!open) await expect('a token that is none', { headers: { authorization: 'Bearer postroom_pat_none' } }, 401, 429);
    await expect('a foreign Host', { host: 'evil.example' }, 421);
    if (changes) await expect('a foreign Origin', { headers: { ...headers, origin: 'https://evil.example' } }, 403);
    if (changes && !open) await expect('no X-Postroom-Csrf', { headers: { cookie: headers.cookie } }, 403);
    if (!changes && '400' in operation.responses) await expect('a parameter that is none', { query: { ...good.query, nonsense: 1 } }, 400);
    for (const name of Object.keys(good.params ?? {}))
      await expect(`nonsense for {${name}}`, { params: { ...good.params, [name]: 'nonsense%00"<' } }, 404);
    if (!operation.body) return;
    await expect('a body of another type', { headers: { ...headers, 'content-type': 'text/plain' } }, 415);
    for (const broken of ['{', '[]', 'null', '"x"', '{"a":}', '\u0000']) await expect(`the body ${broken}`, { body: broken }, 400);
    const unknown = await expect('a member that is none', { body: { ...good.body, nonsense: 1 } }, 400);
    if (JSON.parse(unknown.bytes).field !== 'nonsense') this.wrong.push(`${operation.id}: the unknown member is not named`);
    const target_ = target(operation, good.params, good.query);
    const head = Object.entries({ ...headers, 'content-type': 'application/json' }).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    this.judge(operation, 'too large', await raw(this.server.port,
      `${operation.method} ${target_} HTTP/1.1\r\nhost: localhost:${this.server.port}\r\n${head}content-length: 90000000\r\n\r\n`), 413);
    for (const [name, property] of Object.entries(operation.body.properties)) {
      const schema = this.contract.resolve(property);
      for (const value of [wrongly(schema), { a: 1 }]) {
        const answer = await expect(`${name} ${JSON.stringify(value)}`, { body: { ...good.body, [name]: value } }, 400, 422);
        if (answer.status === 400 && JSON.parse(answer.bytes).field !== name)
          this.wrong.push(`${operation.id}: ${name} is wrong, and the answer names ${JSON.parse(answer.bytes).field}: ${answer.bytes}`);
      }
      if (!operation.body.required?.includes(name)) continue;
      const { [name]: without, ...rest } = good.body;
      assert.notEqual(without, undefined, `${operation.id} has no ${name} in its good request`);
      const answer = await expect(`without ${name}`, { body: rest }, 400);
      if (JSON.parse(answer.bytes).field !== name) this.wrong.push(`${operation.id}: without ${name}, the answer names ${JSON.parse(answer.bytes).field}`);
    }
  }

  /** Every list that has pages, one item at a time: each item once, and all of them. */
  async pages(headers, house) {
    let lists = 0;
    for (const operation of this.contract.operations.filter((each) => each.parameters.some(({ name }) => name === 'after'))) {
      const { params } = fixtures[operation.id](house);
      const whole = async () => JSON.parse((await this.ask(operation, { params, headers, query: { limit: 200 } })).bytes).items.map((each) => JSON.stringify(each));
      let [all, now] = [[], await whole()];
      // What workers changed while it was read is read again.
      for (let tries = 0; tries < 20 && String(all) !== String(now); ++tries) {
        all = now;
        assert.ok(all.length >= 2, `${operation.id}: ${all.length} items are no list`);
        const found = [];
        for (let after; found.length <= all.length;) {
          const query = { limit: 1, ...(after === undefined ? {} : { after }) };
          const page = JSON.parse(this.judge(operation, `after ${after}`, await this.ask(operation, { params, headers, query }), 200).bytes);
          assert.equal(page.items.length, 1, operation.id);
          found.push(JSON.stringify(page.items[0]));
          after = page.next;
          if (after === null) break;
        }
        now = await whole();
        if (String(all) === String(now)) assert.deepEqual(found, all, operation.id);
      }
      assert.deepEqual(now, all, `${operation.id} never stands still`);
      this.judge(operation, 'after nonsense', await this.ask(operation, { params, headers, query: { after: '' } }), 400);
      for (const limit of [0, -1, 100_000, 'x']) this.judge(operation, `limit ${limit}`, await this.ask(operation, { params, headers, query: { limit } }), 400);
      ++lists;
    }
    return lists;
  }

  /** What no operation is. */
  async strangers(headers) {
    const problem = async (what, url, method, status) => {
      const answer = await request(this.server.url + url, { method, headers });
      ++this.requests;
      const wrong = answer.status !== status || !/problem\+json/.test(answer.headers['content-type'] ?? '')
        || this.contract.complaints({ $ref: '#/components/schemas/Problem' }, JSON.parse(answer.bytes)).length;
      if (wrong) this.wrong.push(`${what}: ${answer.status} ${answer.headers['content-type']} ${answer.bytes}`);
      return answer;
    };
    for (const url of ['/api/v1/nothing', '/api/v2/cases', '/api/', '/api/v1/cases/1/2', '/api/v1/cases/'])
      await problem(`GET ${url}`, url, 'GET', 404);
    const paths = new Map();
    for (const each of this.contract.operations) paths.set(each.path, [...paths.get(each.path) ?? [], each.method]);
    for (const [path, known] of paths)
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((each) => !known.includes(each))) {
        const { headers: its } = await problem(`${method} ${path}`, path.replace(/\{\w+\}/g, '1'), method, 405);
        if ((its.allow ?? '').split(', ').sort().join() !== [...known].sort().join()) this.wrong.push(`${method} ${path}: Allow is ${its.allow}`);
      }
  }
}

scenario('every operation of the contract, in the right way and in wrong ones', { limit: 240_000 }, async ({ keep, t }) => {
  const house = await furnish(keep);
  const { server } = house;
  const text = (await request(`${server.url}/api/v1/openapi.yaml`)).bytes.toString();
  const contract = readContract(text);
  assert.deepEqual(contract.gaps(), []);
  assert.deepEqual(Object.keys(fixtures).sort(), contract.operations.map((each) => each.id).sort(), 'a good request for each operation, and no other');

  const walk = new Walk(server, contract);
  const sessions = {};
  const sessionOf = async (name) => (sessions[name] ??= await signIn(server, name));
  const administrator = await sessionOf('system-administrator');
  const lists = await walk.pages(administrator, house);
  await walk.strangers(administrator);
  for (const [id, make] of Object.entries(fixtures)) {
    const operation = contract.operation(id);
    const { as, stream, status, ...good } = make(house);
    const headers = operation.access === 'anyone' ? {} : await sessionOf(as ?? 'system-administrator');
    await walk.refusals(operation, good, headers);
    if (good.body && operation.body) assert.deepEqual(contract.complaints(operation.body, good.body), [], `${id}: the good request is none`);
    const expected = status ?? Number(Object.keys(operation.responses).find((each) => each.startsWith('2')));
    const answer = stream ? await beginning(server.url + target(operation), headers) : await walk.ask(operation, { ...good, headers });
    walk.judge(operation, 'a good request', answer, expected);
    // Whatever was walked over, it is there still.
    assert.equal((await request(`${server.url}/api/v1/version`)).status, 200);
  }
  assert.deepEqual(walk.wrong, []);
  t.diagnostic(`${contract.operations.length} operations, ${walk.requests} requests, ${lists} lists page by page`);

  // And that it would have been noticed: each of these contracts is one that the answers do not fit.
  const judged = (change) => {
    const document = YAML.parse(text);
    change(document);
    const changed = readContract(YAML.stringify(document));
    return walk.recorded.flatMap(({ id, answer }) => {
      const operation = changed.operation(id);
      return operation ? changed.judge(operation, answer) : [`${id} is not documented`];
    });
  };
  assert.deepEqual(judged(() => {}), []);
  const mutations = {
    'an operation is missing': [(it) => delete it.paths['/api/v1/settings'].get, /listSettings is not documented/],
    'a member is missing': [(it) => { const { Mailbox } = it.components.schemas; delete Mailbox.properties.poll; Mailbox.required.splice(Mailbox.required.indexOf('poll'), 1); }, /additional properties.*poll/],
    'a member is said to be there': [(it) => { const { Mailbox } = it.components.schemas; Mailbox.properties.colour = { type: 'string', description: 'x' }; Mailbox.required.push('colour'); }, /required property 'colour'/],
    'a member is of another type': [(it) => { it.components.schemas.CaseMembers.properties.activities.type = 'string'; }, /must be string/],
    'a status is missing': [(it) => delete it.paths['/api/v1/cases/{number}'].get.responses['404'], /404 is not documented/],
    'a header is missing': [(it) => delete it.paths['/api/v1/cases/{number}'].get.responses['200'].headers, /header etag is not documented/],
    'a type is another': [(it) => { const { content } = it.components.responses.NotFound; content['application/json'] = content['application/problem+json']; delete content['application/problem+json']; }, /problem\+json, which is not documented/],
    'a word is missing': [(it) => { it.components.schemas.Role.enum = ['agent']; }, /allowed values/],
  };
  for (const [what, [change, words]] of Object.entries(mutations)) {
    const found = judged(change);
    assert.ok(found.some((each) => words.test(each)), `${what}, and nobody notices: ${found.slice(0, 3)}`);
  }
  const undescribed = YAML.parse(text);
  delete undescribed.components.schemas.Cause.properties.title.description;
  delete undescribed.components.schemas.Alarm.additionalProperties;
  assert.deepEqual(readContract(YAML.stringify(undescribed)).gaps().sort(), ['Alarm is open', 'Cause.title is not described']);
});
