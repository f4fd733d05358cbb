// One mailbox: where it stands, what keeps it from its server and whose that is, how far a look is, and what was counted.
import { ProgressBar } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router-dom";
import type { Schemas } from "../api/client";
import { useMailbox, useMay } from "../api/queries";
import { AcknowledgementOf } from "../parts/acknowledgement";
import { itemAddress } from "../parts/check-finding";
import { useMailboxColumns } from "../parts/columns";
import { DataTable } from "../parts/data-table";
import { Facts } from "../parts/facts";
import { LedgerOf } from "../parts/ledger";
import { Fetched, Page, Section } from "../parts/page";
import { ReconciliationOf } from "../parts/reconciliation";
import { ReplyToOf } from "../parts/sending";
import { Data, Num, Said, Size, Span, Time, To } from "../parts/words";

type Figures = Schemas["MailboxFigures"];

/** Rate and time left come of what has come so far. */
function Progress({ progress }: { progress: NonNullable<Figures["progress"]> }) {
  const { t } = useTranslation();
  const seconds = Math.max(1, (Date.now() - Date.parse(progress.begun)) / 1_000);
  const part = Math.min(1, progress.come / progress.wanted);
  return (
    <div>
      <ProgressBar value={part} aria-label={t("mailbox.progress")} />
      <Num value={progress.come} /> / <Num value={progress.wanted} />, <Size bytes={progress.bytes} />, {t("mailbox.perSecond")} <Size bytes={Math.round(progress.bytes / seconds)} />
      {part > 0 && part < 1 && (
        <>
          , {t("mailbox.timeLeft")} <Span seconds={(seconds * (1 - part)) / part} />
        </>
      )}
    </div>
  );
}

const counted = ["retrieved", "filed", "duplicates", "skipped", "refused", "bytes", "connections"] as const;

function Counted({ figures }: { figures: Figures }) {
  const { t } = useTranslation();
  const cell = (name: (typeof counted)[number], value: number) => (name === "bytes" ? <Size bytes={value} /> : <Num value={value} />);
  return (
    <DataTable
      label={t("mailbox.counted")}
      empty=""
      rows={[...counted]}
      rowKey={(name) => name}
      columns={[
        { head: t("mailbox.what"), cell: (name) => t(`mailbox.figure.${name}`), room: "wide" },
        { head: t("mailbox.inAll"), cell: (name) => cell(name, figures.all[name]) },
        { head: t("mailbox.sinceStart"), cell: (name) => cell(name, figures.since_start[name]) },
      ]}
    />
  );
}

function Failures({ figures }: { figures: Figures }) {
  const { t } = useTranslation();
  return (
    <DataTable
      label={t("mailbox.failures")}
      empty={t("mailbox.noFailures")}
      rows={figures.failures}
      rowKey={(row) => row.trouble}
      columns={[
        { head: t("mailbox.trouble"), cell: (row) => t(`mailbox.troubles.${row.trouble}`) },
        { head: t("mailbox.inAll"), cell: (row) => <Num value={row.times} /> },
        { head: t("mailbox.sinceStart"), cell: (row) => <Num value={row.times_since} /> },
        { head: t("mailbox.lastTime"), cell: (row) => <Time at={row.last} /> },
        { head: t("mailbox.said"), cell: (row) => <Said>{row.words}</Said>, room: "wide" },
      ]}
    />
  );
}

function State({ mailbox }: { mailbox: Schemas["Mailbox"] }) {
  return useMailboxColumns().state.cell(mailbox);
}

export function MailboxPage() {
  const { t } = useTranslation();
  const address = useParams().address ?? "";
  const query = useMailbox(address);
  const knows = useMay("accounts:read");
  return (
    <Page title={address}>
      <Fetched query={query}>
        {(mailbox) => (
          <>
            <Facts
              facts={[
                [t("common.state"), <State mailbox={mailbox} />],
                [t("mailbox.progress"), mailbox.figures.progress !== null && <Progress progress={mailbox.figures.progress} />],
                [t("mailbox.trouble"), mailbox.trouble !== "" && t(`mailbox.troubles.${mailbox.trouble}`)],
                [t("mailbox.check"), mailbox.causes[0] !== undefined && (knows ? <To to={itemAddress(mailbox.causes[0].check)}><Data>{mailbox.causes[0].check}</Data></To> : <Data>{mailbox.causes[0].check}</Data>)],
                [t("mailbox.stateSince"), <Time at={mailbox.state_since} />],
                [t("mailbox.nextTry"), mailbox.next_try !== null && <Time at={mailbox.next_try} />],
                [t("mailbox.lastSuccess"), <Time at={mailbox.last_success} none={t("common.never")} />],
                [t("mailbox.account"), knows ? <To to={`/accounts/${encodeURIComponent(mailbox.account)}`}><Data>{mailbox.account}</Data></To> : <Data>{mailbox.account}</Data>],
                [t("common.department"), <Data>{mailbox.department}</Data>],
                [t("mailbox.folder"), <Data>{mailbox.folder}</Data>],
                [t("mailbox.after"), t(`mailbox.afters.${mailbox.after}`, { folder: mailbox.after_folder })],
                [t("mailbox.due"), mailbox.counts.due > 0 && <Num value={mailbox.counts.due} />],
              ]}
            />
            <Section title={t("mailbox.counted")}>
              <Counted figures={mailbox.figures} />
            </Section>
            <Section title={t("mailbox.failures")}>
              <Failures figures={mailbox.figures} />
            </Section>
            {knows && <AcknowledgementOf mailbox={address} />}
            {knows && <ReplyToOf mailbox={address} />}
            {knows && <ReconciliationOf mailbox={address} />}
            {knows && <LedgerOf mailbox={address} />}
          </>
        )}
      </Fetched>
    </Page>
  );
}
