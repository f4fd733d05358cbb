// What people are called for, how they are told, and other software that is.
import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useAlarmRoutes, useAlarms, useChange, useMay, useNotifications } from "../api/queries";
import { ConfirmButton } from "../parts/confirm-button";
import { DataTable } from "../parts/data-table";
import { FormDialog } from "../parts/form-dialog";
import { Fetched, Page, Section } from "../parts/page";
import { Refusal } from "../parts/refusal";
import { TurningButton } from "../parts/turning-button";
import { Webhooks } from "../parts/webhooks";
import { Data, Num, Said, State, Time, To, type Mood } from "../parts/words";

const useStyles = makeStyles({ actions: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalXS } });

type Alarm = Schemas["Alarm"];
const silence = 240; // minutes

const notificationMood: Record<Schemas["Notification"]["state"], Mood> = { waiting: "busy", sent: "good", "given-up": "bad", logged: "warn" };

function About({ row }: { row: Alarm }) {
  const { t } = useTranslation();
  return (
    <>
      <State mood={row.acknowledged ? "warn" : "bad"} words={row.title} />
      <div><Said>{row.words}</Said></div>
      <div><To to={`/alarms/about/${row.cause}`}>{t("alarm.about")}</To></div>
      {row.acknowledged && <div>{t("alarm.acknowledgedBy", { name: row.acknowledged_by })}</div>}
      {row.silenced_until && <div>{t("alarm.silencedUntil")} <Time at={row.silenced_until} /></div>}
    </>
  );
}

function Calls() {
  const { t } = useTranslation();
  const styles = useStyles();
  const alarms = useAlarms();
  const writes = useMay("accounts:write");
  const acknowledge = useChange(({ id, acknowledged }: { id: string; acknowledged: boolean }) => call("PUT", path("alarms", id, "acknowledgement"), { acknowledged }));
  const quiet = useChange(({ id, minutes }: { id: string; minutes: number }) => call("PUT", path("alarms", id, "silence"), { minutes }));
  return (
    <>
      <Refusal error={acknowledge.error ?? quiet.error} />
      <Fetched query={alarms}>
        {(rows) => (
          <DataTable
            label={t("alarm.title")}
            empty={t("alarm.none")}
            rows={rows}
            rowKey={(row) => row.id ?? row.cause}
            columns={[
              { head: t("alarm.words"), cell: (row) => <About row={row} />, room: "wide" },
              { head: t("alarm.subject"), cell: (row) => <><Data>{row.subject}</Data>{row.subject_count > 1 && <div>{t("alarm.more", { count: row.subject_count - 1 })}</div>}</> },
              { head: t("alarm.count"), cell: (row) => <Num value={row.count} /> },
              { head: t("alarm.begun"), cell: (row) => <Time at={row.begun} /> },
              {
                head: t("exception.actions"),
                cell: (row) =>
                  writes && row.id && (
                    <div className={styles.actions}>
                      <TurningButton turn={`acknowledge ${row.acknowledged}`} size="small" disabled={acknowledge.isPending} onClick={() => acknowledge.mutate({ id: row.id ?? "", acknowledged: !row.acknowledged })}>
                        {t(row.acknowledged ? "alarm.unacknowledge" : "alarm.acknowledge")}
                      </TurningButton>
                      <TurningButton turn={`silence ${row.silenced_until !== null}`} size="small" disabled={quiet.isPending} onClick={() => quiet.mutate({ id: row.id ?? "", minutes: row.silenced_until ? 0 : silence })}>
                        {t(row.silenced_until ? "alarm.speak" : "alarm.silence")}
                      </TurningButton>
                    </div>
                  ),
              },
            ]}
          />
        )}
      </Fetched>
    </>
  );
}

function AlarmRoutes() {
  const { t } = useTranslation();
  const styles = useStyles();
  const routes = useAlarmRoutes();
  const rules = useMay("system:write");
  const first = useChange((id: string) => call("PATCH", path("alarm-routes", id), { place: 1 }));
  const kinds = ["account", "server"] as const;
  const securities = ["starttls", "tls", "none"] as const;
  return (
    <Section
      title={t("alarmRoute.title")}
      actions={
        rules && (
          <FormDialog
            trigger={<Button>{t("alarmRoute.add")}</Button>}
            title={t("alarmRoute.add")}
            words={t("alarmRoute.help")}
            submit={t("common.add")}
            onSubmit={({ kind: _, ...values }) => call("POST", path("alarm-routes"), values)}
            fields={[
              { name: "kind", label: t("alarmRoute.kind"), required: true, options: kinds.map((value) => ({ value, label: t(`alarmRoute.kinds.${value}`) })) },
              { name: "account", label: t("mailbox.account"), required: true, when: (values) => values.kind === "account" },
              { name: "server", label: t("alarmRoute.server"), hint: t("alarmRoute.serverHint"), required: true, when: (values) => values.kind === "server" },
              { name: "security", label: t("alarmRoute.security"), required: true, options: securities.map((value) => ({ value, label: t(`alarmRoute.securities.${value}`) })), when: (values) => values.kind === "server" },
              { name: "sender", label: t("alarmRoute.sender"), required: true, when: (values) => values.kind === "server" },
              { name: "user", label: t("signIn.name"), hint: t("alarmRoute.userHint"), autoComplete: "off", when: (values) => values.kind === "server" },
              { name: "password", label: t("signIn.password"), type: "password", autoComplete: "off", when: (values) => values.kind === "server" },
            ]}
          />
        )
      }
    >
      <div>{t("alarmRoute.help")}</div>
      <Refusal error={first.error} />
      <Fetched query={routes}>
        {(rows) => (
          <DataTable
            label={t("alarmRoute.title")}
            empty={t("alarmRoute.none")}
            rows={rows}
            rowKey={(row) => row.id}
            columns={[
              { head: t("alarmRoute.place"), cell: (row) => <Num value={row.place} /> },
              { head: t("alarmRoute.kind"), cell: (row) => <Data>{row.account || row.server}</Data> },
              { head: t("alarmRoute.used"), cell: (row) => <Time at={row.used} /> },
              { head: t("alarmRoute.failure"), cell: (row) => (row.failure ? <State mood="bad" words={<Said>{row.failure}</Said>} /> : "–"), room: "wide" },
              {
                head: t("exception.actions"),
                cell: (row) =>
                  rules && (
                    <div className={styles.actions}>
                      {row.place > 1 && (
                        <Button size="small" disabled={first.isPending} onClick={() => first.mutate(row.id)}>
                          {t("alarmRoute.first")}
                        </Button>
                      )}
                      <ConfirmButton label={t("common.remove")} name={t("alarmRoute.remove", { name: row.account || row.server })} question={t("alarmRoute.removeQuestion")} onConfirm={() => call("DELETE", path("alarm-routes", row.id))} />
                    </div>
                  ),
              },
            ]}
          />
        )}
      </Fetched>
    </Section>
  );
}

function Notifications() {
  const { t } = useTranslation();
  const notifications = useNotifications();
  const rules = useMay("system:write");
  const test = useChange(() => call("POST", path("notifications"), {}));
  return (
    <Section
      title={t("notification.title")}
      actions={
        rules && (
          <Button disabled={test.isPending} onClick={() => test.mutate(undefined)}>
            {t("notification.test")}
          </Button>
        )
      }
    >
      <Refusal error={test.error} />
      <Fetched query={notifications}>
        {(rows) => (
          <DataTable
            label={t("notification.title")}
            empty={t("notification.none")}
            rows={rows}
            rowKey={(row) => row.id}
            columns={[
              { head: t("notification.created"), cell: (row) => <Time at={row.created} /> },
              { head: t("case.subject"), cell: (row) => <Said>{row.subject}</Said>, room: "wide" },
              { head: t("common.state"), cell: (row) => <State mood={notificationMood[row.state]} words={t(`notification.state.${row.state}`)} reason={row.reason} /> },
              { head: t("notification.route"), cell: (row) => (row.route ? <Data>{row.route}</Data> : "–") },
              { head: t("sent.tries"), cell: (row) => <Num value={row.tries} /> },
            ]}
          />
        )}
      </Fetched>
    </Section>
  );
}

export function AlarmsPage() {
  const { t } = useTranslation();
  const knows = useMay("system:read");
  return (
    <Page title={t("alarm.title")}>
      <Calls />
      {knows && <AlarmRoutes />}
      {knows && <Notifications />}
      {knows && <Webhooks />}
    </Page>
  );
}
