// Comparing a mailbox's server with the ledger now, and what came out.
import { Button, Checkbox, makeStyles, Spinner, tokens } from "@fluentui/react-components";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { isGone, useChange, useMay, useReconciliation } from "../api/queries";
import { DataTable } from "./data-table";
import { Section } from "./page";
import { Refusal } from "./refusal";
import { Data, Num, Said, Size, State, Time, To } from "./words";

const useStyles = makeStyles({
  busy: { justifyContent: "flex-start" },
  side: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS },
});

function Side({ title, mails }: { title: string; mails: Schemas["ReconciledMails"] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  if (mails.count === 0) return null;
  return (
    <div className={styles.side}>
      <div>
        {title} <Num value={mails.count} />
      </div>
      <DataTable
        label={title}
        empty={title}
        rows={mails.mails}
        rowKey={(row) => `${row.uid} ${row.unique_id}`}
        columns={[
          { head: t("ledger.number"), cell: (row) => (row.unique_id ? <Data>{row.unique_id}</Data> : <Num value={row.uid ?? 0} />), room: "long" },
          { head: t("common.state"), cell: (row) => (row.state === null ? "–" : t(`ledger.filter.${row.state}`)) },
          { head: t("exception.received"), cell: (row) => <Time at={row.received} /> },
          { head: t("exception.size"), cell: (row) => (row.size === null ? "–" : <Size bytes={row.size} />) },
          { head: t("mailbox.filed"), cell: (row) => (row.filed_size === null ? "–" : <Size bytes={row.filed_size} />) },
          { head: t("case.number"), cell: (row) => (row.case === null ? "–" : <To to={`/cases/${row.case}`}>{row.case}</To>) },
          { head: t("case.subject"), cell: (row) => (row.subject ? <Data>{row.subject}</Data> : "–") },
          { head: t("ledger.note"), cell: (row) => (row.note ? <Said>{row.note}</Said> : "–") },
        ]}
      />
    </div>
  );
}

function Result({ result }: { result: Schemas["ReconciliationResult"] }) {
  const { t } = useTranslation();
  return (
    <>
      <State mood={result.agree ? "good" : "warn"} words={t(result.agree ? "reconcile.agree" : "reconcile.differ")}>
        <div>
          {t("reconcile.onServer")} <Num value={result.on_server} />
        </div>
        <div>
          {t("reconcile.inLedger")} <Num value={result.in_ledger} />
        </div>
        {result.bytes && (
          <div>
            {t("reconcile.compared")} <Num value={result.bytes.compared} />
          </div>
        )}
        {result.uid_validity !== result.known_uid_validity && <div>{t("reconcile.anew")}</div>}
      </State>
      <Side title={t("reconcile.onlyOnServer")} mails={result.only_on_server} />
      <Side title={t("reconcile.onlyInLedger")} mails={result.only_in_ledger} />
      <Side title={t("reconcile.back")} mails={result.back} />
      <Side title={t("reconcile.due")} mails={result.due} />
      {result.bytes && <Side title={t("reconcile.differing")} mails={result.bytes.differing} />}
      {result.bytes && <Side title={t("reconcile.withheld")} mails={result.bytes.withheld} />}
    </>
  );
}

export function ReconciliationOf({ mailbox }: { mailbox: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const administers = useMay("accounts:write");
  const [bytes, setBytes] = useState(false);
  const [id, setId] = useState<string>();
  const { data, error } = useReconciliation(id);
  const begin = useChange(() => call<Schemas["Reconciliation"]>("POST", path("mailboxes", mailbox, "reconciliations"), { bytes }));
  const state = id === undefined || isGone(error) ? undefined : (data?.state ?? "waiting");
  const busy = state === "waiting" || state === "working";
  return (
    <Section
      title={t("reconcile.title")}
      actions={
        administers && (
          <>
            <Checkbox label={t("reconcile.bytes")} checked={bytes} onChange={(_, now) => setBytes(now.checked === true)} />
            <Button disabledFocusable={busy || begin.isPending} onClick={() => begin.mutate(undefined, { onSuccess: (begun) => setId(begun.id) })}>
              {t("reconcile.begin")}
            </Button>
          </>
        )
      }
    >
      <div>{t("reconcile.help")}</div>
      <Refusal error={begin.error ?? error} />
      <div role="status">
        {busy && <Spinner className={styles.busy} size="tiny" labelPosition="after" label={t(`reconcile.state.${state}`)} />}
        {state === "failed" && <State mood="bad" words={t("reconcile.failed")} reason={data?.reason} />}
      </div>
      {data?.result && <Result result={data.result} />}
    </Section>
  );
}
