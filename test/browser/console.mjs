// A house with its console, and a browser to look at it with: Debian's Chromium, with a profile of its own, in English unless said
// otherwise. It notes what the pages complain of.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { addAccount, authorize, setUp, startLab, startServer } from '../support/house.mjs';
import { patience, root, scratchFolder } from '../support/scratch.mjs';

const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
  // It would keep hostile mail from a trap on loopback by itself, but not from the Internet.
  '--disable-features=LocalNetworkAccessChecks'];

/** For what comes before the tests of a file. */
export const opening = { timeout: 120_000 * patience };

export async function openBrowser({ locale = 'en-US' } = {}) {
  const { folder: profile, remove } = scratchFolder('browser');
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args, locale, timezoneId: 'UTC',
    // The lab's certificate is its own; Postroom's trust in it is not what the browser tests.
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 900 },
    // What closes is gone then, rather than on its way out.
    reducedMotion: 'reduce',
    timeout: 60_000 * patience,
  });
  context.setDefaultTimeout(30_000 * patience);
  const browser = { context, page: context.pages()[0], complaints: [] };
  context.on('console', (message) => {
    if (message.type() === 'error' || /Content Security Policy/.test(message.text())) browser.complaints.push(message.text());
  });
  context.on('weberror', (error) => browser.complaints.push(String(error.error())));
  browser.close = async () => {
    await context.close();
    remove();
  };
  return browser;
}

/** Signs in with the console's form, and waits for the page that was asked for. */
export async function signIn(page, { name, password }) {
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

export const administrator = { name: 'admin', password: 'correct horse battery', role: 'system-administrator' };
export const agent = { name: 'anna', password: 'staple of the agent', role: 'agent' };

/** On the lab's page, as somebody does who is asked for nothing else. */
export async function signInAtLab(tab, { user, password }) {
  await tab.getByLabel('Email').fill(user);
  await tab.getByLabel('Password').fill(password);
  await tab.getByRole('button', { name: 'Sign in' }).click();
  const accept = tab.getByRole('button', { name: 'Accept' });
  await Promise.race([accept.waitFor(), tab.waitForURL(/\/oauth\/callback/)]);
  if (await accept.isVisible()) await accept.click();
  await tab.waitForURL(/\/oauth\/callback/);
}

/** Answers the question that the button with this name asks. */
export async function confirm(page, name, answer) {
  await page.getByRole('button', { name, exact: typeof name === 'string' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: answer, exact: true }).click();
  await page.getByRole('alertdialog').waitFor({ state: 'detached' });
}

/** Closes a dialog that is done, and waits until it is gone. */
export async function close(dialog) {
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** That the page is no wider than its window. */
export const fits = (page) => page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);

/** Keeps a picture of what shows, where $PICTURES is a folder: for people who want to look. */
export async function picture(page, name) {
  if (process.env.PICTURES) await page.screenshot({ path: path.join(process.env.PICTURES, `${name}.png`), fullPage: true });
}

/** The lab and Postroom, with the accounts of the lab's first two users and people who may sign in to the console. */
export async function openHouse({ authorized = true } = {}) {
  const web = path.join(root, 'web/dist');
  if (!existsSync(path.join(web, 'index.html'))) throw new Error('the pages are not built: make web');
  const lab = await startLab();
  let server;
  const close = async () => {
    await server?.stop();
    await lab.stop();
  };
  try {
    const { facts } = lab;
    server = await startServer({ anchors: [facts.anchor], web });
    await setUp(server, { authority: facts.authority, clientId: facts.client_id, clientSecret: facts.client_secret });
    for (const { name, role, password } of [administrator, agent])
      await server.command('user', 'add', name, '--role', role, '--password-file', '-', { input: `${password}\n` });
    const accounts = [];
    for (const user of facts.users.slice(0, 2)) {
      const account = await addAccount(server, { user, imap: facts.imap, smtp: facts.smtp });
      accounts.push({ account, user, password: facts.password });
      if (authorized) await authorize(server, account, user, lab.signIn);
    }
    return { lab, house: server, accounts, close };
  } catch (error) {
    console.log(lab.log(), server?.log());
    await close();
    throw error;
  }
}
