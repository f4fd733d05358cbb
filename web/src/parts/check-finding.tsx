// A finding of the check list as somebody tired reads it: what is wrong, since when, whose it is, what to do; then what was seen.
import { Card, Field, Input, makeStyles, tokens } from "@fluentui/react-components";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useFindings, type Finding } from "../api/checks";
import type { Schemas } from "../api/client";
import { RunCheck } from "./check-run";
import { CopyButton, CopyField } from "./copy-field";
import { DataTable } from "./data-table";
import { Facts } from "./facts";
import { Fetched } from "./page";
import { Data, Num, outcomeMood, Said, State, Time, To } from "./words";

const useStyles = makeStyles({
  card: { minWidth: 0 },
  faint: { color: tokens.colorNeutralForeground3 },
  title: { fontWeight: tokens.fontWeightSemibold, fontSize: tokens.fontSizeBase400, lineHeight: tokens.lineHeightBase400, overflowWrap: "anywhere" },
  todo: { whiteSpace: "pre-line" },
  seen: { whiteSpace: "pre-wrap", overflowWrap: "anywhere", fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200, margin: 0 },
  summary: { cursor: "pointer" },
  command: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalXS },
  inside: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS, paddingTop: tokens.spacingVerticalS },
  buttons: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalM, alignItems: "center" },
});

const manyRows = 200;

export const itemAddress = (item: string) => `/checks/${encodeURIComponent(item)}`;

/** What it is about, with the page that there is of it. */
export function Subject({ finding }: { finding: Finding }) {
  const { t } = useTranslation();
  if (finding.mailbox) return <To to={`/mailboxes/${encodeURIComponent(finding.mailbox)}`}><Data>{finding.mailbox}</Data></To>;
  if (finding.account) return <To to={`/accounts/${encodeURIComponent(finding.account)}`}><Data>{finding.account}</Data></To>;
  return finding.subject === "" ? <>{t("check.partition")}</> : <Data>{finding.subject}</Data>;
}

/** A finding's state, with the ground that kept it from being told. */
export function OutcomeOf({ finding }: { finding: Finding }) {
  const { t } = useTranslation();
  return (
    <State mood={outcomeMood[finding.outcome]} words={t(`check.outcome.${finding.outcome}`)} reason={finding.title}>
      {finding.because !== "" && (
        <div>
          {t("check.because")} <To to={itemAddress(finding.because)}><Data>{finding.because}</Data></To>
        </div>
      )}
    </State>
  );
}

export function Folded({ words, children }: { words: ReactNode; children: () => ReactNode }) {
  const styles = useStyles();
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className={styles.summary}>{words}</summary>
      {open && <div className={styles.inside}>{children()}</div>}
    </details>
  );
}

export function Seen({ finding }: { finding: Finding }) {
  const styles = useStyles();
  return <pre className={styles.seen} dir="ltr" data-said="">{finding.evidence || "–"}</pre>;
}

function Alike({ group }: { group: Schemas["FindingGroup"] }) {
  const { t } = useTranslation();
  const [search, setSearch] = useState("");
  const { item, outcome, cause, because } = group.first;
  const findings = useFindings({ item, outcome, cause, because, subject_has: search, limit: String(manyRows) });
  return (
    <>
      {group.count > 20 && (
        <Field label={t("check.search")}>
          <Input type="search" value={search} onChange={(_, data) => setSearch(data.value)} />
        </Field>
      )}
      <Fetched query={findings}>
        {(rows) => (
          <>
            <DataTable
              label={t("check.about")}
              empty={t("check.noneSuch")}
              rows={rows}
              rowKey={(row) => `${row.subject} ${row.server}`}
              columns={[
                { head: t("check.about"), cell: (row) => <Subject finding={row} />, room: "long" },
                { head: t("check.since"), cell: (row) => <Time at={row.since} /> },
                { head: t("check.server"), cell: (row) => <Data>{row.server}</Data> },
                { head: t("check.seen"), cell: (row) => <Said>{row.evidence || "–"}</Said>, room: "wide" },
              ]}
            />
            {rows.length === manyRows && <div>{t("check.firstOnes", { count: manyRows })}</div>}
          </>
        )}
      </Fetched>
    </>
  );
}

/** What can be typed to do what is to be done, what that changes, and how to take it back. */
function Commands({ commands }: { commands: Finding["commands"] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const lines = (text: string) => Math.min(8, text.split("\n").length + 1);
  return (
    <>
      {commands.map((each) => (
        <div key={each.text} className={styles.command}>
          <CopyField label={t(`check.shell.${each.shell}`)} value={each.text} lines={lines(each.text)} {...(each.changes ? { hint: each.changes } : {})} />
          {each.undo !== "" && <Folded words={t("check.undo")}>{() => <CopyField label={t("check.undoWith")} value={each.undo} lines={lines(each.undo)} />}</Folded>}
        </div>
      ))}
    </>
  );
}

export function FindingCard({ group }: { group: Schemas["FindingGroup"] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { first, count } = group;
  const wanted = { items: [first.item], ...(count === 1 && first.mailbox ? { mailbox: first.mailbox } : count === 1 && first.account ? { account: first.account } : {}) };
  return (
    <Card className={styles.card} role="article" aria-label={`${first.item}: ${first.title || first.must}`}>
      <State mood={outcomeMood[first.outcome]} words={<span className={styles.title}><Said>{first.title || first.must}</Said></span>}>
        <div className={styles.faint}>
          {t("check.mustHold")} <Said>{first.must}</Said> (<To to={itemAddress(first.item)}><Data>{first.item}</Data></To>)
        </div>
      </State>
      <Facts
        facts={[
          [t("check.about"), <><Subject finding={first} />{count > 1 && <> {t("check.more", { count: count - 1 })}</>}</>],
          [t("check.since"), <Time at={group.since} />],
          [t("check.whose"), first.whose !== "" && <Said>{first.whose}</Said>],
          [t("check.toDo"), first.remedy !== "" && <div className={styles.todo}><Said>{first.remedy}</Said> <CopyButton size="small" label={t("check.toDo")} value={first.remedy} /></div>],
        ]}
      />
      <Commands commands={first.commands} />
      {count > 1 && <Folded words={<>{t("check.allOfThem")} (<Num value={count} />)</>}>{() => <Alike group={group} />}</Folded>}
      <Folded words={t("check.evidence")}>
        {() => (
          <>
            <Seen finding={first} />
            <div className={styles.faint}>
              {t("check.server")}: <Data>{first.server}</Data>, <Time at={first.found} />
            </div>
          </>
        )}
      </Folded>
      <div className={styles.buttons}>
        <RunCheck wanted={wanted} label={t("check.again")} name={t("check.againOf", { item: first.item })} />
      </div>
    </Card>
  );
}
