// What the account's grant was seen to allow with each of its mailboxes, and having it tried now.
import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, DialogTrigger, makeStyles, Spinner, tokens } from "@fluentui/react-components";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { isGone, queryClient, useChange, useMay, useRights, useTrial } from "../api/queries";
import { TestMail } from "./authorize";
import { Cause } from "./cause";
import { DataTable } from "./data-table";
import { Fetched, Section } from "./page";
import { Refusal } from "./refusal";
import { Data, State, Time } from "./words";

const useStyles = makeStyles({
  looked: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  busy: { justifyContent: "flex-start" },
  content: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
});

const mood = { holds: "good", fails: "bad", warns: "warn", "could-not-be-told": "warn" } as const;

function Right({ what, right }: { what: "open" | "send"; right: Schemas["Right"] | null }) {
  const { t } = useTranslation();
  const styles = useStyles();
  if (right === null) return <>{t("right.never")}</>;
  return (
    <State mood={mood[right.outcome]} words={t(`right.${what}.${right.outcome}`)} reason={right.evidence}>
      <Cause causes={right.causes} />
      <div className={styles.looked}>
        {t("right.looked")} <Time at={right.looked} />
      </div>
    </State>
  );
}

function TryNow({ account, onBegun, disabled }: { account: string; onBegun: (id: string) => void; disabled: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [open, setOpen] = useState(false);
  const [testMail, setTestMail] = useState(false);
  const begin = useChange(() => call<Schemas["Trial"]>("POST", path("accounts", account, "rights", "trial"), { test_mail: testMail }));
  return (
    <Dialog open={open} onOpenChange={(_, data) => setOpen(data.open)}>
      <DialogTrigger disableButtonEnhancement>
        <Button aria-haspopup="dialog" disabledFocusable={disabled}>
          {t("right.try")}
        </Button>
      </DialogTrigger>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t("right.try")}</DialogTitle>
          <DialogContent className={styles.content}>
            <div>{t("right.tryHelp")}</div>
            <TestMail checked={testMail} set={setTestMail} />
            <Refusal error={begin.error} />
          </DialogContent>
          <DialogActions fluid>
            <DialogTrigger disableButtonEnhancement>
              <Button>{t("common.cancel")}</Button>
            </DialogTrigger>
            <Button
              appearance="primary"
              disabled={begin.isPending}
              onClick={() =>
                begin.mutate(undefined, {
                  onSuccess: (trial) => {
                    setOpen(false);
                    onBegun(trial.id);
                  },
                })
              }
            >
              {t("right.try")}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

export function RightsOf({ account }: { account: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const rights = useRights(account);
  const administers = useMay("accounts:write");
  const [trial, setTrial] = useState<string>();
  const { data: trying, error } = useTrial(trial);
  const state = trial === undefined || isGone(error) ? undefined : (trying?.state ?? "waiting");
  const busy = state === "waiting" || state === "trying";
  useEffect(() => {
    if (state === "done") void queryClient.invalidateQueries({ queryKey: ["accounts"] });
  }, [state]);
  return (
    <Section title={t("right.title")} actions={administers && <TryNow account={account} disabled={busy} onBegun={setTrial} />}>
      <div>{t("right.help")}</div>
      <div role="status">
        {busy && <Spinner className={styles.busy} size="tiny" labelPosition="after" label={t(`right.trial.${state}`)} />}
        {state === "done" && <State mood="good" words={t("right.trial.done")} />}
        {state === "failed" && <State mood="bad" words={t("right.trial.failed")} reason={trying?.reason} />}
      </div>
      <Refusal error={error} />
      <Fetched query={rights}>
        {(rows) => (
          <DataTable
            label={t("right.title")}
            empty={t("mailbox.none")}
            rows={rows}
            rowKey={(row) => row.mailbox}
            columns={[
              { head: t("mailbox.address"), cell: (row) => <Data>{row.mailbox}</Data> },
              { head: t("right.opens"), cell: (row) => <Right what="open" right={row.open} />, room: "wide" },
              { head: t("right.sends"), cell: (row) => <Right what="send" right={row.send} />, room: "wide" },
            ]}
          />
        )}
      </Fetched>
    </Section>
  );
}
