// What there is to do, by department, and the button that takes what has waited longest.
import { Button, MessageBar, MessageBarBody } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router-dom";
import { call, path, type Schemas } from "../api/client";
import { useChange, useMay, useQueues } from "../api/queries";
import { DataTable } from "./data-table";
import { Refusal } from "./refusal";
import { Data, Num, Time } from "./words";

export function Queues() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const writes = useMay("cases:write");
  const queues = useQueues();
  const next = useChange((department: string) => call<Schemas["Case"] | undefined>("POST", path("queues", department, "pick")));
  if (!queues.data || queues.data.length === 0) return null;
  return (
    <>
      <Refusal error={next.error} />
      {next.isSuccess && !next.data && (
        <MessageBar intent="info">
          <MessageBarBody>{t("desk.queueEmpty")}</MessageBarBody>
        </MessageBar>
      )}
      <DataTable
        label={t("desk.queues")}
        empty=""
        rows={queues.data}
        rowKey={(row) => row.department}
        columns={[
          { head: t("common.department"), cell: (row) => <Data>{row.department}</Data> },
          { head: t("desk.inQueue"), cell: (row) => <Num value={row.unassigned} /> },
          { head: t("desk.oldest"), cell: (row) => <Time at={row.oldest} none="–" /> },
          { head: t("desk.mine"), cell: (row) => <Num value={row.mine} /> },
          { head: t("desk.open"), cell: (row) => <Num value={row.open} /> },
          {
            head: t("desk.next"),
            cell: (row) =>
              writes &&
              row.unassigned > 0 && (
                <Button
                  size="small"
                  aria-label={t("desk.takeNextOf", { department: row.department })}
                  disabled={next.isPending}
                  onClick={() => next.mutate(row.department, { onSuccess: (picked) => picked && navigate(`/cases/${picked.number}`) })}
                >
                  {t("desk.takeNext")}
                </Button>
              ),
          },
        ]}
      />
    </>
  );
}
