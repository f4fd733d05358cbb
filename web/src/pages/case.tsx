// A case: its mails, oldest first, and the box to answer in.
import { Badge, makeStyles, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router-dom";
import { call, path, Trouble } from "../api/client";
import { useCase, useChange, useMay } from "../api/queries";
import { ActivityCard } from "../parts/activity-card";
import { ChangedMeanwhile, changedMeanwhile } from "../parts/changed-meanwhile";
import { CaseMoves, NoteBox } from "../parts/case-desk";
import { DataTable } from "../parts/data-table";
import { Fetched, Page, Section } from "../parts/page";
import { Refusal } from "../parts/refusal";
import { ReplyBox } from "../parts/reply-box";
import { TurningButton } from "../parts/turning-button";
import { Data, Time, To } from "../parts/words";

const useStyles = makeStyles({
  facts: { display: "flex", flexWrap: "wrap", gap: "4px 16px", alignItems: "center", color: tokens.colorNeutralForeground2 },
  mails: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL, listStyleType: "none", margin: 0, padding: 0 },
});

function TheirName({ label, name }: { label: string; name: string }) {
  return (
    <span>
      {label} <Data>{name}</Data>
    </span>
  );
}

export function CasePage() {
  const { t } = useTranslation();
  const styles = useStyles();
  const number = Number(useParams().number);
  const query = useCase(number);
  const change = useChange((state: "open" | "closed") => call("PATCH", path("cases", number), { state }, query.data?.etag));
  const conflict = changedMeanwhile(change.error);
  const writes = useMay("cases:write");
  const data = query.data;
  const missing = query.error instanceof Trouble && query.error.status === 404;
  const turnTo = data?.state === "open" ? "closed" : "open";
  return (
    <Page
      title={data ? t("case.title", { number, subject: data.subject || t("case.noSubject") }) : t(missing ? "case.missing" : "case.loading", { number })}
      actions={
        writes &&
        data && (
          <>
            <CaseMoves it={data} />
            <TurningButton turn={turnTo} disabled={change.isPending} onClick={() => change.mutate(turnTo)}>
              {t(turnTo === "closed" ? "case.close" : "case.reopen")}
            </TurningButton>
          </>
        )
      }
    >
      {conflict ? <ChangedMeanwhile problem={conflict} ready onTake={() => change.reset()} help={t("changed.caseHelp")} take={t("changed.seen")} /> : <Refusal error={change.error} />}
      <Fetched query={query}>
        {(it) => (
          <>
            <div className={styles.facts}>
              <Badge appearance="tint" color={it.state === "open" ? "brand" : "informative"}>
                {t(`case.state.${it.state}`)}
              </Badge>
              {it.waiting_for_us && (
                <Badge appearance="tint" color="warning">
                  {t("case.waitingForUs")}
                </Badge>
              )}
              {it.assigned === null ? it.state === "open" && t("desk.isQueued") : <TheirName label={t("desk.assignedTo")} name={it.assigned} />}
              {it.customer_name && <Data>{it.customer_name}</Data>}
              <Data>{it.customer}</Data>
              <Data>{it.mailbox}</Data>
              <Data>{it.department}</Data>
              {it.follows !== null && <To to={`/cases/${it.follows}`}>{t("desk.follows", { number: it.follows })}</To>}
            </div>
            <ol className={styles.mails}>
              {it.items.map((activity) => (
                <li key={activity.id}>
                  <ActivityCard activity={activity} />
                </li>
              ))}
            </ol>
            {writes && <ReplyBox key={it.number} number={it.number} customer={it.customer} department={it.department} />}
            {writes && <NoteBox key={`note of ${it.number}`} number={it.number} />}
            {it.others.length > 0 && (
              <Section title={t("desk.others")}>
                <DataTable
                  label={t("desk.others")}
                  empty=""
                  rows={it.others}
                  rowKey={(row) => row.number}
                  columns={[
                    { head: t("case.number"), cell: (row) => row.number },
                    { head: t("case.subject"), cell: (row) => <To to={`/cases/${row.number}`}>{row.subject ? <Data>{row.subject}</Data> : t("case.noSubject")}</To>, room: "wide" },
                    { head: t("common.state"), cell: (row) => t(`case.state.${row.state}`) },
                    { head: t("common.department"), cell: (row) => <Data>{row.department}</Data> },
                    { head: t("case.updated"), cell: (row) => <Time at={row.updated} /> },
                  ]}
                />
              </Section>
            )}
          </>
        )}
      </Fetched>
    </Page>
  );
}
