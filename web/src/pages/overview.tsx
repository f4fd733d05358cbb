// Whether mail flows, at a glance; and where it does not, which mailbox or account holds it up, and why.
import { Card, makeStyles, MessageBar, MessageBarBody, MessageBarTitle, tokens, typographyStyles } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { useAccounts, useAlarms, useCases, useExceptions, useMailboxes, useMay, useOutbound } from "../api/queries";
import { useAccountColumns, useMailboxColumns } from "../parts/columns";
import { DataTable } from "../parts/data-table";
import { Fetched, Page, Section } from "../parts/page";
import { Data, Num, Said, State, Time, To } from "../parts/words";

const useStyles = makeStyles({
  cards: { display: "grid", gridTemplateColumns: "repeat(auto-fill, minmax(170px, 1fr))", gap: tokens.spacingHorizontalM },
  figure: { ...typographyStyles.title1 },
});

function Figure({ words, to, value }: { words: string; to: string; value: ReactNode }) {
  const styles = useStyles();
  return (
    <Card>
      <div className={styles.figure}>{value}</div>
      <To to={to}>{words}</To>
    </Card>
  );
}

/** Accounts are not for everybody to see; what mailboxes say is. */
function Flow({ accounts = [], mailboxes, alarms }: { accounts: Schemas["Account"][] | undefined; mailboxes: Schemas["Mailbox"][]; alarms: Schemas["Alarm"][] }) {
  const { t } = useTranslation();
  const administers = useMay("accounts:write");
  const rules = useMay("system:write");
  const knows = useMay("accounts:read");
  const held = mailboxes.filter((each) => each.state === "stopped" || each.state === "backing-off").length;
  const unready = accounts.filter((each) => each.state !== "ready").length;
  if (mailboxes.length === 0) {
    return (
      <MessageBar intent="info" layout="multiline">
        <MessageBarBody>
          <MessageBarTitle>{t("overview.empty")}</MessageBarTitle> {administers && <>{t("overview.emptyHelp")} {rules && <><To to="/applications">{t("nav.applications")}</To>, </>}<To to="/accounts">{t("nav.accounts")}</To></>}
        </MessageBarBody>
      </MessageBar>
    );
  }
  if (held + unready + alarms.length === 0) {
    return (
      <MessageBar intent="success" layout="multiline">
        <MessageBarBody>
          <MessageBarTitle>{t("overview.flows")}</MessageBarTitle> {t(knows ? "overview.flowsHelp" : "overview.flowsHelpAgent")}
        </MessageBarBody>
      </MessageBar>
    );
  }
  return (
    <MessageBar intent={held + unready > 0 ? "error" : "warning"} layout="multiline">
      <MessageBarBody>
        <MessageBarTitle>{t(held + unready > 0 ? "overview.held" : "overview.alarmed")}</MessageBarTitle>{" "}
        {unready > 0 && t("overview.heldAccounts", { count: unready })} {held > 0 && t("overview.heldMailboxes", { count: held })} {alarms.length > 0 && t("overview.alarmCount", { count: alarms.length })}
      </MessageBarBody>
    </MessageBar>
  );
}

export function OverviewPage() {
  const { t } = useTranslation();
  const styles = useStyles();
  const accounts = useAccounts();
  const mailboxes = useMailboxes();
  const alarms = useAlarms();
  const open = useCases("open", "", null);
  const failed = useOutbound("failed");
  const inDoubt = useOutbound("in-doubt");
  const exceptions = useExceptions();
  const knows = useMay("accounts:read");
  const ofAccount = useAccountColumns();
  const ofMailbox = useMailboxColumns();
  const waiting = open.data?.items.filter((each) => each.waiting_for_us).length;
  const more = open.data?.next ? "+" : "";
  return (
    <Page title={t("nav.overview")}>
      {(accounts.data || !knows) && mailboxes.data && <Flow accounts={accounts.data} mailboxes={mailboxes.data} alarms={alarms.data ?? []} />}
      <div className={styles.cards}>
        <Figure to="/cases" words={t("overview.openCases")} value={open.data ? <><Num value={open.data.items.length} />{more}</> : "–"} />
        <Figure to="/cases" words={t("overview.waitingForUs")} value={waiting === undefined ? "–" : <><Num value={waiting} />{more}</>} />
        <Figure to="/sent?state=failed" words={t("outbound.state.failed")} value={failed.data ? <Num value={failed.data.length} /> : "–"} />
        <Figure to="/sent?state=in-doubt" words={t("outbound.state.in-doubt")} value={inDoubt.data ? <Num value={inDoubt.data.length} /> : "–"} />
        {knows && <Figure to="/exceptions" words={t("nav.exceptions")} value={exceptions.data ? <Num value={exceptions.data.length} /> : "–"} />}
      </div>
      {knows && (
        <Section title={t("alarm.title")}>
          <Fetched query={alarms}>
            {(rows) => (
              <DataTable
                label={t("alarm.title")}
                empty={t("alarm.none")}
                rows={rows}
                rowKey={(row) => row.id ?? row.cause}
                columns={[
                  { head: t("alarm.subject"), cell: (row) => <><Data>{row.subject}</Data>{row.subject_count > 1 && <div><To to="/alarms">{t("alarm.more", { count: row.subject_count - 1 })}</To></div>}</> },
                  { head: t("alarm.words"), cell: (row) => <State mood="bad" words={<Said>{row.words}</Said>} />, room: "wide" },
                  { head: t("alarm.begun"), cell: (row) => <Time at={row.begun} /> },
                  { head: t("alarm.count"), cell: (row) => <Num value={row.count} /> },
                ]}
              />
            )}
          </Fetched>
        </Section>
      )}
      <Section title={t("mailbox.title")}>
        <Fetched query={mailboxes}>
          {(rows) => (
            <DataTable
              label={t("mailbox.title")}
              empty={t("mailbox.none")}
              rows={rows}
              rowKey={(row) => row.address}
              columns={[ofMailbox.address, ofMailbox.state, ofMailbox.lastSuccess, ofMailbox.filed, ofMailbox.due, ofMailbox.unreadable]}
            />
          )}
        </Fetched>
      </Section>
      {knows && (
        <Section title={t("account.title")}>
          <Fetched query={accounts}>
            {(rows) => (
              <DataTable
                label={t("account.title")}
                empty={t("account.none")}
                rows={rows}
                rowKey={(row) => row.name}
                columns={[ofAccount.name, ofAccount.state, ofAccount.renewed, ofAccount.tokenEnds]}
              />
            )}
          </Fetched>
        </Section>
      )}
    </Page>
  );
}
