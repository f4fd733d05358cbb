// What became of each mail that a mailbox's server ever showed.
import { Button, Field, makeStyles, Select, tokens } from "@fluentui/react-components";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { ledgerFilters, useLedger, type LedgerFilter } from "../api/queries";
import { DataTable } from "./data-table";
import { Fetched, Section } from "./page";
import { Data, Num, Said, Size, State, Time, To, type Mood } from "./words";

const useStyles = makeStyles({
  filters: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalL, "& > *": { minWidth: 0, maxWidth: "100%" } },
  // Its longest choice must not make it wider than the page.
  choice: { minWidth: 0, "& > select": { textOverflow: "ellipsis", minWidth: 0 } },
  pages: { display: "flex", gap: tokens.spacingHorizontalS },
});

const moods: Partial<Record<Schemas["LedgerEntry"]["became"], Mood>> = { exception: "warn", screened: "warn", unreadable: "bad", pending: "busy" };

function Became({ entry }: { entry: Schemas["LedgerEntry"] }) {
  const { t } = useTranslation();
  return (
    <State mood={moods[entry.became] ?? "good"} words={t(`ledger.became.${entry.became}`)} reason={entry.exception || undefined}>
      {entry.possible_duplicate && <div>{t("ledger.possibleDuplicate")}</div>}
      {entry.became === "exception" && <To to="/exceptions">{t("nav.exceptions")}</To>}
    </State>
  );
}

export function LedgerOf({ mailbox }: { mailbox: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [filter, setFilter] = useState<LedgerFilter | "">("");
  const [places, setPlaces] = useState<string[]>([]); // where each page but the first begins
  const ledger = useLedger(mailbox, filter, places.at(-1));
  return (
    <Section title={t("ledger.title")}>
      <div>{t("ledger.help")}</div>
      <div className={styles.filters}>
        <Field label={t("common.state")}>
          <Select
            className={styles.choice}
            value={filter}
            onChange={(_, data) => {
              setFilter(ledgerFilters.find((each) => each === data.value) ?? "");
              setPlaces([]);
            }}
          >
            <option value="">{t("common.all")}</option>
            {ledgerFilters.map((each) => (
              <option key={each} value={each}>
                {t(`ledger.filter.${each}`)}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <Fetched query={ledger}>
        {(page) => (
          <>
            <DataTable
              label={t("ledger.title")}
              empty={t("ledger.none")}
              rows={page.items}
              rowKey={(row) => `${row.folder} ${row.uid_validity} ${row.uid}`}
              columns={[
                { head: t("ledger.number"), cell: (row) => <Num value={row.uid} /> },
                { head: t("ledger.seen"), cell: (row) => <Time at={row.seen} /> },
                { head: t("ledger.now"), cell: (row) => <Became entry={row} />, room: "long" },
                { head: t("mail.from"), cell: (row) => (row.from ? <Data>{row.from}</Data> : "–") },
                { head: t("case.subject"), cell: (row) => (row.subject ? <Data>{row.subject}</Data> : "–"), room: "long" },
                { head: t("case.number"), cell: (row) => (row.case === null ? "–" : <To to={`/cases/${row.case}`}>{row.case}</To>) },
                { head: t("exception.size"), cell: (row) => (row.size === null ? "–" : <Size bytes={row.size} />) },
                { head: t("ledger.note"), cell: (row) => <>{row.due !== "leave" && <div>{t(`ledger.due.${row.due}`)}</div>}{row.note && <Said>{row.note}</Said>}</>, room: "long" },
              ]}
            />
            <div className={styles.pages}>
              {places.length > 0 && <Button onClick={() => setPlaces(places.slice(0, -1))}>{t("case.newer")}</Button>}
              {page.next !== null && <Button onClick={() => setPlaces([...places, page.next ?? ""])}>{t("case.older")}</Button>}
            </div>
          </>
        )}
      </Fetched>
    </Section>
  );
}
