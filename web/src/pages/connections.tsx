// A conversation with a mail server, step by step, with nothing stored about it: from whichever server of the installation must reach it.
import { Button, makeStyles, ProgressBar, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router-dom";
import { useConnection, useServers } from "../api/checks";
import { call, path, type Schemas } from "../api/client";
import { useAccounts, useMailboxes, useMay } from "../api/queries";
import { Cause } from "../parts/cause";
import { Folded } from "../parts/check-finding";
import { DataTable } from "../parts/data-table";
import { FormDialog } from "../parts/form-dialog";
import { Fetched, Page, Section } from "../parts/page";
import { Data, Num, State, To } from "../parts/words";

const useStyles = makeStyles({
  help: { color: tokens.colorNeutralForeground2, maxWidth: "720px" },
  progress: { maxWidth: "480px" },
  said: { whiteSpace: "pre-wrap", overflowWrap: "anywhere", fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
});

type Test = Schemas["ConnectionTest"];
const protocols = ["imap", "pop3", "smtp"] as const;
const marks: Record<Test["dialogue"][number]["who"], string> = { client: "C:", server: "S:", note: "--" };

function Outcome({ test }: { test: Test }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <Section title={t("connection.outcome", { protocol: test.protocol, server: test.server })}>
      <div role="status">
        {test.state !== "done" ? (
          <div className={styles.progress}>
            <ProgressBar aria-label={t("connection.underWay")} />
            {t("connection.underWay")}
          </div>
        ) : (
          <State mood={test.held ? "good" : "bad"} words={t(test.held ? "connection.held" : "connection.broke")}>
            {test.causes.map((each) => (
              <Cause key={each.id} causes={[each]} />
            ))}
          </State>
        )}
      </div>
      <DataTable
        label={t("connection.steps")}
        empty={t("connection.noStep")}
        rows={test.steps}
        rowKey={(row) => row.step}
        columns={[
          { head: t("connection.step"), cell: (row) => <State mood={row.held ? "good" : "bad"} words={<Data>{row.step}</Data>} /> },
          { head: t("connection.asked"), cell: (row) => <div className={styles.said} dir="ltr" data-said="">{row.asked}</div>, room: "wide" },
          { head: t("connection.came"), cell: (row) => <div className={styles.said} dir="ltr" data-said="">{row.came || "–"}</div>, room: "wide" },
          { head: t("connection.took"), cell: (row) => <Num value={row.took_ms} /> },
        ]}
      />
      {test.dialogue.length > 0 && (
        <Folded words={t("connection.dialogue")}>
          {() => (
            <pre className={styles.said} dir="ltr" data-said="">
              {test.dialogue.map((each) => `${marks[each.who]} ${each.text}`).join("\n")}
            </pre>
          )}
        </Folded>
      )}
    </Section>
  );
}

export function ConnectionsPage() {
  const { t } = useTranslation();
  const styles = useStyles();
  const [search, setSearch] = useSearchParams();
  const id = search.get("id") ?? undefined;
  const test = useConnection(id);
  const servers = useServers().data;
  const accounts = useAccounts().data?.filter((each) => each.access !== "password");
  const mailboxes = useMailboxes().data ?? [];
  const rules = useMay("system:write");
  const withAccount = (values: Record<string, string>) => (values.account ?? "") !== "";
  const withToken = (values: Record<string, string>) => !withAccount(values) && (values.token ?? "") !== "";
  return (
    <Page
      title={t("connection.title")}
      actions={
        rules &&
        servers &&
        accounts && (
          <FormDialog
            trigger={<Button appearance="primary">{t("connection.begin")}</Button>}
            title={t("connection.begin")}
            submit={t("connection.submit")}
            onSubmit={async ({ tls, ...values }) => {
              const begun = await call<Test>("POST", path("connections"), { ...values, transcript: true, ...(tls === "usual" ? {} : { implicit_tls: tls === "first" }) });
              setSearch({ id: begun.id });
            }}
            check={(values) => (values.host === "" && !withAccount(values) ? { field: "host", words: t("connection.hostMissing") } : undefined)}
            fields={[
              { name: "protocol", label: t("connection.protocol"), required: true, options: protocols.map((value) => ({ value, label: value.toUpperCase() })) },
              { name: "host", label: t("connection.host"), hint: t("connection.hostHint") },
              { name: "tls", label: t("connection.tls"), required: true, options: (["usual", "first", "starttls"] as const).map((value) => ({ value, label: t(`account.tls.${value}`) })) },
              { name: "on", label: t("connection.on"), required: true, value: servers.find((each) => each.role !== "application")?.name ?? "", options: servers.map((each) => ({ value: each.name, label: each.name })) },
              {
                name: "account",
                label: t("connection.account"),
                hint: t("connection.accountHint"),
                value: search.get("account") ?? "",
                options: [{ value: "", label: t("connection.noAccount") }, ...accounts.map((each) => ({ value: each.name, label: each.name }))],
              },
              { name: "mailbox", label: t("case.mailbox"), hint: t("connection.mailboxHint"), when: withAccount, options: [{ value: "", label: "–" }, ...mailboxes.map((each) => ({ value: each.address, label: each.address }))] },
              { name: "token", label: t("connection.token"), hint: t("connection.tokenHint"), type: "password", autoComplete: "off", when: (values) => !withAccount(values) },
              { name: "user", label: t("connection.user"), hint: t("connection.userHint"), required: true, when: withToken },
              { name: "folder", label: t("mailbox.folder"), when: (values) => values.protocol === "imap" && (withToken(values) || withAccount(values)) },
            ]}
          />
        )
      }
    >
      <div className={styles.help}>{t("connection.help")}</div>
      {id !== undefined && <Fetched query={test}>{(data) => <Outcome test={data} />}</Fetched>}
      <To to="/checks">{t("check.title")}</To>
    </Page>
  );
}
