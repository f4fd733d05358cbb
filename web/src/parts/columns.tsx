// The columns of accounts and of mailboxes, from which each page takes those that it has room for.
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { AccountState } from "./account-state";
import { Cause } from "./cause";
import { DecideOnMail } from "./change-dialogs";
import type { Column } from "./data-table";
import { Data, mailboxMood, Num, State, Time, To } from "./words";

export function useAccountColumns() {
  const { t } = useTranslation();
  return {
    name: { head: t("common.name"), cell: (row) => <To to={`/accounts/${encodeURIComponent(row.name)}`}><Data>{row.name}</Data></To> },
    kind: { head: t("account.kind"), cell: (row) => t(`account.kinds.${row.kind}`) },
    access: { head: t("account.access"), cell: (row) => t(`account.accesses.${row.access}`) },
    user: { head: t("account.user"), cell: (row) => <Data>{row.user || "–"}</Data> },
    department: { head: t("common.department"), cell: (row) => <Data>{row.department}</Data> },
    state: { head: t("common.state"), cell: (row) => <AccountState account={row} />, room: "wide" },
    renewed: { head: t("account.renewed"), cell: (row) => <Time at={row.grant?.renewed} /> },
    tokenEnds: { head: t("account.tokenEnds"), cell: (row) => <Time at={row.grant?.access_token_ends} /> },
  } satisfies Record<string, Column<Schemas["Account"]>>;
}

export function useMailboxColumns() {
  const { t } = useTranslation();
  return {
    address: { head: t("mailbox.address"), cell: (row) => <To to={`/mailboxes/${encodeURIComponent(row.address)}`}><Data>{row.address}</Data></To> },
    account: { head: t("mailbox.account"), cell: (row) => <To to={`/accounts/${encodeURIComponent(row.account)}`}><Data>{row.account}</Data></To> },
    baseline: { head: t("mailbox.baseline"), cell: (row) => (Date.parse(row.baseline) === 0 ? t("mailbox.everything") : <Time at={row.baseline} />) },
    after: { head: t("mailbox.after"), cell: (row) => t(`mailbox.afters.${row.after}`, { folder: row.after_folder }) },
    state: { head: t("common.state"), cell: (row) => <State mood={mailboxMood[row.state]} words={t(`mailbox.state.${row.state}`)} reason={row.state_reason}><Cause causes={row.causes} />{row.state === "stopped" && <DecideOnMail mailbox={row} />}</State>, room: "wide" },
    lastSuccess: { head: t("mailbox.lastSuccess"), cell: (row) => <Time at={row.last_success} none={t("common.never")} /> },
    filed: { head: t("mailbox.filed"), cell: (row) => <Num value={row.counts.filed} /> },
    due: { head: t("mailbox.due"), cell: (row) => <Num value={row.counts.due} /> },
    unreadable: { head: t("mailbox.unreadable"), cell: (row) => <Num value={row.counts.unreadable} /> },
  } satisfies Record<string, Column<Schemas["Mailbox"]>>;
}
