// A browser for a test: Debian's Chromium, with a profile of its own, in English unless said otherwise. It notes what the pages
// complain of, and each address that anything in them asks for.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];

export async function openBrowser({ locale = 'en-US' } = {}) {
  const profile = mkdtempSync(path.join(os.tmpdir(), 'postroom-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args, locale, timezoneId: 'UTC',
    // The lab's certificate is its own; Postroom's trust in it is not what the browser tests.
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 900 },
  });
  context.setDefaultTimeout(30_000);
  const browser = { context, page: context.pages()[0], asked: [], complaints: [] };
  context.on('request', (request) => browser.asked.push(request.url()));
  context.on('console', (message) => {
    if (message.type() === 'error' || /Content Security Policy/.test(message.text())) browser.complaints.push(message.text());
  });
  context.on('weberror', (error) => browser.complaints.push(String(error.error())));
  browser.close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return browser;
}

/** Signs in with the console's form, and waits for the page that was asked for. */
export async function signIn(page, { name, password }) {
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
