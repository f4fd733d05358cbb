// One item of the check list: what must hold, how it stands, how it came to that, and in which ways it is known to fail.
import { Field, makeStyles, Select, tokens } from "@fluentui/react-components";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router-dom";
import { useCheckItem, useFindingHistory, useFindings, type Finding } from "../api/checks";
import { Trouble, type Schemas } from "../api/client";
import { Folded, itemAddress, OutcomeOf, Seen, Subject } from "../parts/check-finding";
import { RunCheck, RunProgress } from "../parts/check-run";
import { DataTable } from "../parts/data-table";
import { Facts } from "../parts/facts";
import { Fetched, Page, Section } from "../parts/page";
import { Data, Said, Time, To } from "../parts/words";
import { NotFoundPage } from "./not-found";

const useStyles = makeStyles({
  list: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS },
  choice: { maxWidth: "360px" },
  faint: { color: tokens.colorNeutralForeground3 },
});

const most = 1_000;
const rank = { fails: 0, warns: 1, "could-not-be-told": 2, holds: 3 } as const;

function Now({ rows }: { rows: Finding[] }) {
  const { t } = useTranslation();
  return (
    <DataTable
      label={t("check.now")}
      empty={t("check.notYet")}
      rows={[...rows].sort((one, other) => rank[one.outcome] - rank[other.outcome])}
      rowKey={(row) => `${row.subject} ${row.server}`}
      columns={[
        { head: t("check.about"), cell: (row) => <Subject finding={row} />, room: "long" },
        { head: t("common.state"), cell: (row) => <OutcomeOf finding={row} />, room: "wide" },
        { head: t("check.since"), cell: (row) => <Time at={row.since} /> },
        { head: t("check.server"), cell: (row) => <Data>{row.server}</Data> },
        { head: t("check.looked"), cell: (row) => <Time at={row.found} /> },
        { head: t("check.seen"), cell: (row) => <Folded words={t("check.evidence")}>{() => <Seen finding={row} />}</Folded>, room: "long" },
      ]}
    />
  );
}

function History({ item, rows }: { item: string; rows: Finding[] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const subjects = [...new Set([...rows].sort((one, other) => rank[one.outcome] - rank[other.outcome]).map((each) => each.subject))];
  const [chosen, setChosen] = useState<string>();
  const subject = chosen ?? subjects[0] ?? "";
  const history = useFindingHistory(item, subject);
  return (
    <Section title={t("check.history")}>
      {subjects.length > 1 && (
        <Field label={t("check.about")} className={styles.choice}>
          <Select value={subject} onChange={(_, data) => setChosen(data.value)}>
            {subjects.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </Select>
        </Field>
      )}
      <Fetched query={history}>
        {(found) => (
          <DataTable
            label={t("check.history")}
            empty={t("check.notYet")}
            rows={found}
            rowKey={(row) => `${row.since} ${row.server}`}
            columns={[
              { head: t("check.since"), cell: (row) => <Time at={row.since} /> },
              { head: t("common.state"), cell: (row) => <OutcomeOf finding={row} />, room: "wide" },
              { head: t("check.server"), cell: (row) => <Data>{row.server}</Data> },
              { head: t("check.seen"), cell: (row) => <Said>{row.evidence || "–"}</Said>, room: "wide" },
            ]}
          />
        )}
      </Fetched>
    </Section>
  );
}

function Causes({ causes }: { causes: Schemas["CauseOfItem"][] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <div className={styles.list}>
      {causes.map((each) => (
        <Folded key={each.id} words={<><Said>{each.title}</Said> <span className={styles.faint}>(<Data>{each.id}</Data>)</span></>}>
          {() => (
            <Facts
              facts={[
                [t("check.meaning"), <Said>{each.meaning}</Said>],
                [t("check.toDo"), <Said>{each.remedy}</Said>],
                [t("check.whose"), <Said>{each.whose}</Said>],
              ]}
            />
          )}
        </Folded>
      ))}
    </div>
  );
}

export function CheckItemPage() {
  const { t } = useTranslation();
  const name = useParams().item ?? "";
  const item = useCheckItem(name);
  const findings = useFindings({ item: name, limit: String(most) });
  if (item.error instanceof Trouble && item.error.status === 404) return <NotFoundPage />;
  return (
    <Page title={t("check.titleOf", { item: name })} actions={<RunCheck primary wanted={{ items: [name] }} label={t("check.again")} name={t("check.againOf", { item: name })} />}>
      <RunProgress />
      <Fetched query={item}>
        {(shown) => (
          <Facts
            facts={[
              [t("check.must"), <Said>{shown.must}</Said>],
              [t("check.side"), t(`check.sides.${shown.side}`)],
              [t("check.grounds"), shown.grounds.length > 0 && shown.grounds.map((each) => <div key={each}><To to={itemAddress(each)}><Data>{each}</Data></To></div>)],
              [t("check.sends"), shown.sends && t("common.yes")],
            ]}
          />
        )}
      </Fetched>
      <Section title={t("check.now")}>
        <Fetched query={findings}>{(rows) => <Now rows={rows} />}</Fetched>
      </Section>
      {findings.data && findings.data.length > 0 && <History item={name} rows={findings.data} />}
      {item.data && item.data.causes.length > 0 && (
        <Section title={t("check.causes")}>
          <Causes causes={item.data.causes} />
        </Section>
      )}
      <To to="/checks">{t("check.title")}</To>
    </Page>
  );
}
