// Under which heading an item of the check list stands. One that is not named here stands where what it is about belongs.
import type { Schemas } from "../api/client";

export const headings = ["version", "system", "application", "grant", "mailbox", "network", "test"] as const;
export type Heading = (typeof headings)[number];

const named: Record<string, Heading> = {
  "minimum-version": "version",
  "basic-authentication": "version",
  "token-lifetime": "application",
  clock: "network",
  proxy: "network",
  "own-links": "network",
  "outbound-smtp": "test",
  "inbound-imap": "test",
  "inbound-pop3": "test",
  "round-trip": "test",
  "alarm-notification": "test",
};
const usual: Record<Schemas["CheckItem"]["about"], Heading> = { partition: "system", application: "application", host: "network", server: "network", account: "grant", mailbox: "mailbox" };

export const headingOf = (item: Pick<Schemas["CheckItem"], "id" | "about">): Heading => named[item.id] ?? usual[item.about];
