// Mail that triage could not digest, or that a screen holds. Its bytes are intact: they can be looked at, tried again, and released.
import { Button, Link } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useChange, useExceptions, useMay } from "../api/queries";
import { DataTable } from "../parts/data-table";
import { Met } from "../parts/met";
import { Fetched, Page } from "../parts/page";
import { Refusal } from "../parts/refusal";
import { Data, Num, Said, Size, Time } from "../parts/words";

function Reason({ row }: { row: Schemas["Exception"] }) {
  if (!row.screen) return <Said>{row.reason}</Said>;
  return (
    <>
      <Met screen={row.screen} rule={row.rule} />
      <Said>{row.reason}</Said>
    </>
  );
}

export function ExceptionsPage() {
  const { t } = useTranslation();
  const exceptions = useExceptions();
  const writes = useMay("accounts:write");
  const retry = useChange((id: string) => call("POST", path("exceptions", id, "retry")));
  const release = useChange((id: string) => call("POST", path("exceptions", id, "release")));
  const file = useChange((id: string) => call("POST", path("exceptions", id, "filing"), {}));
  return (
    <Page title={t("nav.exceptions")}>
      <div>{t("exception.help")}</div>
      <Refusal error={retry.error ?? release.error ?? file.error} />
      <Fetched query={exceptions}>
        {(rows) => (
          <DataTable
            label={t("nav.exceptions")}
            empty={t("exception.none")}
            rows={rows}
            rowKey={(row) => row.id}
            columns={[
              { head: t("case.mailbox"), cell: (row) => <Data>{row.mailbox}</Data> },
              { head: t("exception.reason"), cell: (row) => <Reason row={row} />, room: "wide" },
              { head: t("exception.received"), cell: (row) => <Time at={row.received} /> },
              { head: t("exception.size"), cell: (row) => <Size bytes={row.size} /> },
              { head: t("sent.tries"), cell: (row) => <Num value={row.tries} /> },
              {
                head: t("exception.actions"),
                cell: (row) => (
                  <>
                    {row.kind === "not-read" && (
                      <Link href={path("exceptions", row.id, "raw")} target="_blank" rel="noopener">
                        {t("activity.raw")}
                      </Link>
                    )}{" "}
                    {writes && (
                      <Button size="small" disabled={retry.isPending} onClick={() => retry.mutate(row.id)}>
                        {t(row.kind === "not-read" ? "exception.retry" : "exception.retrieveAgain")}
                      </Button>
                    )}{" "}
                    {writes && row.kind === "not-read" && !row.screen && (
                      <Button size="small" disabled={file.isPending} onClick={() => file.mutate(row.id)}>
                        {t("exception.file")}
                      </Button>
                    )}{" "}
                    {writes && row.screen && (
                      <Button size="small" disabled={release.isPending} onClick={() => release.mutate(row.id)}>
                        {t("exception.release")}
                      </Button>
                    )}
                  </>
                ),
              },
            ]}
          />
        )}
      </Fetched>
    </Page>
  );
}
