// What a mail's structure says beside its words, on its card: reports, invitations, mail that is encrypted, signed or shown in part. With
// PICTURES=dir it keeps a picture of each, in English and in Arabic.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { agent, openBrowser, openHouse, opening, picture, signIn } from './console.mjs';

let everything, browser;
const mailbox = () => everything.accounts[0].user;

const mail = (subject, fields, ...lines) => ['From: Maria Jansen <maria@customer.example>', `To: ${mailbox()}`, `Subject: ${subject}`,
  `Message-ID: <${subject.replace(/\W/g, '-')}@customer.example>`, `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`, 'MIME-Version: 1.0', ...fields, '', ...lines, ''].join('\r\n');

const mails = () => ({
  'Your order': mail('Your order', ['Content-Type: text/plain'], 'Where is it?'),
  // Of a case that there is: it opens none of its own.
  'Not delivered': mail('Not delivered', ['Return-Path: <>', 'In-Reply-To: <Your-order@customer.example>', 'Content-Type: multipart/report; report-type=delivery-status; boundary=b'],
    '--b', 'Content-Type: text/plain', '', 'Your mail could not be delivered.', '--b', 'Content-Type: message/delivery-status', '', 'Reporting-MTA: dns; mx.customer.example', '',
    'Final-Recipient: rfc822; maria@customer.example', 'Action: failed', 'Status: 5.1.1', 'Diagnostic-Code: smtp; 550 5.1.1 No such user here', 'Remote-MTA: dns; in.customer.example', '',
    'Final-Recipient: rfc822; jan@customer.example', 'Action: delayed', 'Status: 4.2.2', 'Diagnostic-Code: smtp; 452 4.2.2 Mailbox full',
    '--b', 'Content-Type: message/rfc822', '', 'Subject: Your order', '', 'x', '--b--'),
  'Meeting': mail('Meeting', ['Content-Type: multipart/alternative; boundary=b'], '--b', 'Content-Type: text/plain', '', 'Please join.', '--b',
    'Content-Type: text/calendar; method=REQUEST; charset=utf-8', '', 'BEGIN:VCALENDAR', 'METHOD:REQUEST', 'BEGIN:VEVENT', 'UID:1', 'SUMMARY:About invoice 4711', 'LOCATION:Room 5\\, second floor',
    'DTSTART;TZID=Europe/Berlin:20261124T140000', 'DTEND;TZID=Europe/Berlin:20261124T153000', 'RRULE:FREQ=WEEKLY;BYDAY=TU', 'ORGANIZER;CN=Maria Jansen:mailto:maria@customer.example',
    'ATTENDEE;PARTSTAT=ACCEPTED;CN=فاطمة:mailto:fatima@customer.example', `ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:${mailbox()}`, 'END:VEVENT', 'END:VCALENDAR', '--b--'),
  'Sealed': mail('Sealed', ['Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b'], '--b', 'Content-Type: application/pgp-encrypted', '', 'Version: 1', '--b',
    'Content-Type: application/octet-stream', '', '-----BEGIN PGP MESSAGE-----', '--b--'),
  'Long header': mail('Long header', [`X-Long: ${'x'.repeat(900)}`, ...Array.from({ length: 600 }, () => `X-Filler: ${'y'.repeat(900)}`),
    'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=b'], 'x'),
  'Signed': mail('Signed', ['Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=b'], '--b', 'Content-Type: text/plain', '', 'These words are mine.', '--b',
    'Content-Type: application/pgp-signature', '', 'x', '--b--'),
});

before(async () => {
  everything = await openHouse();
  browser = await openBrowser();
  for (const [subject, each] of Object.entries(mails())) {
    await everything.lab.mail(mailbox(), each);
    if (subject !== 'Not delivered') await everything.house.caseAbout(subject);
  }
  await browser.page.goto(`${everything.house.url}/cases`);
  await signIn(browser.page, agent);
  await browser.page.getByRole('heading', { name: 'Cases', level: 1 }).waitFor();
}, opening);

after(async () => {
  await browser?.close();
  await everything?.close();
});

async function open(subject, language = 'en') {
  const { number } = await everything.house.caseAbout(subject === 'Not delivered' ? 'Your order' : subject);
  await browser.page.goto(`${everything.house.url}/cases/${number}?lang=${language}`);
  const card = browser.page.getByRole('article').nth(subject === 'Not delivered' ? 1 : 0);
  await card.waitFor();
  return card;
}

test('a delivery report says who was not reached, and why, in words', async () => {
  const card = await open('Not delivered');
  const report = card.getByRole('region', { name: 'Delivery report' });
  await report.getByRole('listitem').nth(1).waitFor();
  const [failed, delayed] = await report.getByRole('listitem').allInnerTexts();
  assert.match(failed, /maria@customer\.example\S* was not reached\. The address does not exist\./);
  assert.match(failed, /550 5\.1\.1 No such user here/);
  assert.match(failed, /in\.customer\.example/);
  assert.match(delayed, /jan@customer\.example\S* has not been reached yet; it is still being tried\. The mailbox is full\./);
  await card.getByText('Report of a mail system').waitFor();
  await card.getByRole('link', { name: 'Your order.eml' }).waitFor();
  await picture(browser.page, 'report');
});

test('an invitation says what, when in its zone and the reader\'s, where and who', async () => {
  const card = await open('Meeting');
  const invitation = card.getByRole('region', { name: 'Invitation' });
  const words = (await invitation.innerText()).replace(/[\u2066-\u2069\u200e\u200f]/g, '').replace(/[\u2009\u202f\u00a0]/g, ' ');
  assert.match(words, /Invitation: About invoice 4711/);
  assert.match(words, /Tuesday, November 24, 2026(,| at) 2:00 – 3:30 PM \(Europe\/Berlin\)/);
  assert.match(words, /In your time zone: Nov 24, 2026, 1:00 – 2:30 PM/);
  assert.match(words, /weekly \(FREQ=WEEKLY;BYDAY=TU\)/);
  assert.match(words, /Room 5, second floor/);
  assert.match(words, /Maria Jansen <maria@customer\.example>/);
  assert.match(words, /فاطمة <fatima@customer\.example> \(accepted\)/);
  await picture(browser.page, 'invitation');
});

test('mail that is encrypted says so, with the original to download', async () => {
  const card = await open('Sealed');
  await card.getByText('This mail is encrypted with PGP and can\'t be read here.').waitFor();
  assert.equal(await card.getByRole('link', { name: 'Original mail' }).count(), 2);
  await picture(browser.page, 'encrypted');
});

test('mail that is signed is readable, and says that nobody verified it', async () => {
  const card = await open('Signed');
  await card.getByText('These words are mine.').waitFor();
  await card.getByText('Signed with PGP (not verified)').waitFor();
});

test('mail beyond a limit says that it is shown in part', async () => {
  const card = await open('Long header');
  await card.getByText('This mail is shown in part; the original mail has all of it.').waitFor();
  await card.getByText('Its header is longer than any mail program writes.').waitFor();
  await picture(browser.page, 'cut');
});

test('all of it is said from right to left, too', async () => {
  for (const [subject, words] of [['Not delivered', 'العنوان غير موجود.'], ['Meeting', 'بمنطقتك الزمنية:'], ['Sealed', 'هذه الرسالة مشفَّرة باستخدام PGP ولا يمكن قراءتها هنا.']]) {
    const card = await open(subject, 'ar');
    await card.getByText(words).first().waitFor();
    await picture(browser.page, `${subject.replace(' ', '-')}-ar`);
  }
  assert.equal(await browser.page.evaluate(() => document.documentElement.dir), 'rtl');
});
