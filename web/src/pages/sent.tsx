// What was sent, and what has become of it.
import { Button, Field, makeStyles, Select, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router-dom";
import { call, path } from "../api/client";
import { outboundStates, useMailboxes, useMay, useOutbound } from "../api/queries";
import { addresses } from "../parts/addresses";
import { DataTable } from "../parts/data-table";
import { FormDialog, type Values } from "../parts/form-dialog";
import { OutboundStateOf } from "../parts/outbound-state";
import { Fetched, Page } from "../parts/page";
import { Data, DataList, Num, Time, To } from "../parts/words";

const useStyles = makeStyles({
  filters: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalL },
});

export function SentPage() {
  const { t } = useTranslation();
  const styles = useStyles();
  const [search, setSearch] = useSearchParams();
  const state = outboundStates.find((each) => each === search.get("state")) ?? "";
  const outbound = useOutbound(state);
  const mailboxes = useMailboxes();
  const writes = useMay("cases:write");
  const send = (values: Values) => call("POST", path("messages"), { ...values, to: addresses(values.to ?? ""), cc: addresses(values.cc ?? "") });
  return (
    <Page
      title={t("nav.sent")}
      actions={
        writes && (
          <FormDialog
            trigger={<Button appearance="primary">{t("sent.new")}</Button>}
            title={t("sent.new")}
            submit={t("reply.send")}
            onSubmit={send}
            fields={[
              { name: "mailbox", label: t("mail.from"), required: true, options: (mailboxes.data ?? []).map((each) => ({ value: each.address, label: each.address })) },
              { name: "to", label: t("mail.to"), required: true },
              { name: "cc", label: t("mail.cc") },
              { name: "subject", label: t("case.subject"), required: true },
              { name: "text", label: t("reply.text"), required: true, type: "area" },
            ]}
          />
        )
      }
    >
      <div className={styles.filters}>
        <Field label={t("common.state")}>
          <Select value={state} onChange={(_, data) => setSearch(data.value ? { state: data.value } : {})}>
            <option value="">{t("common.all")}</option>
            {outboundStates.map((each) => (
              <option key={each} value={each}>
                {t(`outbound.state.${each}`)}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <Fetched query={outbound}>
        {(rows) => (
          <DataTable
            label={t("nav.sent")}
            empty={t(state ? "sent.noneSuch" : "sent.none")}
            rows={rows}
            rowKey={(row) => row.id}
            columns={[
              { head: t("case.number"), cell: (row) => <To to={`/cases/${row.case}`}>{row.case}</To> },
              { head: t("case.subject"), cell: (row) => (row.subject ? <Data>{row.subject}</Data> : t("case.noSubject")) },
              { head: t("mail.from"), cell: (row) => <Data>{row.mailbox}</Data> },
              { head: t("mail.to"), cell: (row) => <DataList items={row.recipients} /> },
              { head: t("common.state"), cell: (row) => <OutboundStateOf outbound={row} />, room: "wide" },
              { head: t("sent.tries"), cell: (row) => <Num value={row.attempt} /> },
              { head: t("case.updated"), cell: (row) => <Time at={row.updated} /> },
            ]}
          />
        )}
      </Fetched>
    </Page>
  );
}
