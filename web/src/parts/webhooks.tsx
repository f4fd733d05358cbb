// Other software that is told what happens, and what each was told.
import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useChange, useDeliveries, useMay, useWebhooks } from "../api/queries";
import { ConfirmButton } from "./confirm-button";
import { CopyField } from "./copy-field";
import { DataTable } from "./data-table";
import { chosen, FormDialog, type FormField, type Values } from "./form-dialog";
import { Fetched, Section } from "./page";
import { Refusal } from "./refusal";
import { TurningButton } from "./turning-button";
import { Data, DataList, Num, Said, State, Time, type Mood } from "./words";

const useStyles = makeStyles({ actions: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalXS } });

type Webhook = Schemas["Webhook"];
const events = ["mail-filed", "case-opened", "reply-sent", "reply-failed", "alarm-begins", "alarm-spreads", "alarm-reminds", "alarm-ends"] as const;
const mood: Record<Schemas["Delivery"]["state"], Mood> = { waiting: "busy", delivered: "good", "given-up": "bad" };

function useFields(webhook?: Webhook): FormField[] {
  const { t } = useTranslation();
  return [
    { name: "name", label: t("common.name"), required: true, value: webhook?.name ?? "" },
    { name: "url", label: t("webhook.url"), hint: t("webhook.urlHint"), required: true, value: webhook?.url ?? "" },
    { name: "events", label: t("webhook.events"), required: true, several: true, options: events.map((value) => ({ value, label: t(`webhook.event.${value}`) })), value: webhook?.events.join("\n") ?? "" },
  ];
}

const asAsked = (values: Values) => ({ name: values.name, url: values.url, events: chosen(values.events) });

function Deliveries({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const deliveries = useDeliveries(webhook.id);
  const rules = useMay("system:write");
  const repeat = useChange((id: string) => call("POST", path("webhooks", webhook.id, "deliveries", id, "repetition"), {}));
  return (
    <Section title={t("webhook.deliveriesOf", { name: webhook.name })}>
      <Refusal error={repeat.error} />
      <Fetched query={deliveries}>
        {(rows) => (
          <DataTable
            label={t("webhook.deliveriesOf", { name: webhook.name })}
            empty={t("webhook.noDeliveries")}
            rows={rows}
            rowKey={(row) => row.id}
            columns={[
              { head: t("notification.created"), cell: (row) => <Time at={row.created} /> },
              { head: t("webhook.what"), cell: (row) => <Data>{row.event}</Data> },
              { head: t("common.state"), cell: (row) => <State mood={mood[row.state]} words={t(`webhook.state.${row.state}`)} reason={row.reason} /> },
              { head: t("sent.tries"), cell: (row) => <Num value={row.tries} /> },
              {
                head: t("exception.actions"),
                cell: (row) =>
                  rules && (
                    <Button size="small" disabled={repeat.isPending} onClick={() => repeat.mutate(row.id)}>
                      {t("webhook.repeat")}
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Fetched>
    </Section>
  );
}

function Actions({ row, open }: { row: Webhook; open: () => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const rules = useMay("system:write");
  const fields = useFields(row);
  const test = useChange(() => call("POST", path("webhooks", row.id, "test"), {}));
  const turn = useChange(() => call("PATCH", path("webhooks", row.id), { enabled: !row.enabled }));
  return (
    <div className={styles.actions}>
      <Button size="small" onClick={open}>{t("webhook.deliveries")}</Button>
      {rules && (
        <>
          <Button size="small" disabled={test.isPending} onClick={() => test.mutate(undefined, { onSuccess: open })}>{t("webhook.test")}</Button>
          <FormDialog trigger={<Button size="small">{t("common.change")}</Button>} title={row.name} submit={t("common.save")} fields={fields} onSubmit={(values) => call("PATCH", path("webhooks", row.id), asAsked(values))} />
          <TurningButton turn={`turn ${row.enabled}`} size="small" disabled={turn.isPending} onClick={() => turn.mutate(undefined)}>{t(row.enabled ? "webhook.off" : "webhook.on")}</TurningButton>
          <ConfirmButton label={t("common.remove")} name={t("webhook.remove", { name: row.name })} question={t("webhook.removeQuestion")} onConfirm={() => call("DELETE", path("webhooks", row.id))} />
        </>
      )}
    </div>
  );
}

export function Webhooks() {
  const { t } = useTranslation();
  const webhooks = useWebhooks();
  const rules = useMay("system:write");
  const fields = useFields();
  const [shown, setShown] = useState("");
  const chosenOne = webhooks.data?.find((each) => each.id === shown);
  return (
    <>
      <Section
        title={t("webhook.title")}
        actions={
          rules && (
            <FormDialog
              trigger={<Button>{t("webhook.add")}</Button>}
              title={t("webhook.add")}
              submit={t("common.add")}
              fields={fields}
              onSubmit={(values) => call<Schemas["WebhookWithSecret"]>("POST", path("webhooks"), asAsked(values))}
              done={(added) => <CopyField label={t("webhook.secret")} value={added.secret} hint={t("webhook.secretHint")} />}
            />
          )
        }
      >
        <div>{t("webhook.help")}</div>
        <Fetched query={webhooks}>
          {(rows) => (
            <DataTable
              label={t("webhook.title")}
              empty={t("webhook.none")}
              rows={rows}
              rowKey={(row) => row.id}
              columns={[
                { head: t("common.name"), cell: (row) => <State mood={row.enabled ? "good" : "warn"} words={<Said>{row.name}</Said>} /> },
                { head: t("webhook.url"), cell: (row) => <Data>{row.url}</Data>, room: "wide" },
                { head: t("webhook.events"), cell: (row) => <DataList items={row.events} /> },
                { head: t("exception.actions"), cell: (row) => <Actions row={row} open={() => setShown(row.id)} /> },
              ]}
            />
          )}
        </Fetched>
      </Section>
      {chosenOne && <Deliveries webhook={chosenOne} />}
    </>
  );
}
