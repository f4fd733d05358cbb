// Giving an account its grant: first how, then the sign-in itself, for this browser or for whoever has the password, until a services
// server has tried what came of it. Nothing opens by itself.
import { Button, Checkbox, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, DialogTrigger, Field, makeStyles, mergeClasses, MessageBar, MessageBarBody, Radio, RadioGroup, Spinner, tokens } from "@fluentui/react-components";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { isGone, isOpen, queryClient, useAuthorization, useAuthorizations, useChange } from "../api/queries";
import { AuthorizationState, DeviceCode, useAuthorizationWords } from "./authorization-state";
import { CopyField } from "./copy-field";
import { Refusal } from "./refusal";
import { Data, Time } from "./words";

const useStyles = makeStyles({
  step: { outlineStyle: "none" },
  busy: { justifyContent: "flex-start" },
  content: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
  hint: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200, paddingInlineStart: "32px" },
});

/** Whether marked mails are sent; what else there is to know about it is said beside it. */
export function TestMail({ checked, set }: { checked: boolean; set: (on: boolean) => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <div>
      <Checkbox label={t("authorize.testMail")} checked={checked} onChange={(_, data) => set(data.checked === true)} />
      <div className={styles.hint}>{t("authorize.testMailHelp")}</div>
    </div>
  );
}

/** Somebody began before: the one begun last counts. */
function Underway({ account }: { account: string }) {
  const { t } = useTranslation();
  const open = useAuthorizations(account).data?.find(isOpen);
  if (!open) return null;
  return (
    <MessageBar intent="warning" layout="multiline">
      <MessageBarBody>
        {t("authorize.underway")} <Data>{open.by}</Data>, <Time at={open.begun} />. {t("authorize.underwayHelp")}
      </MessageBarBody>
    </MessageBar>
  );
}

function Progress({ begun }: { begun: Schemas["Authorization"] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const query = useAuthorization(begun.id);
  const wordsOf = useAuthorizationWords();
  const now = query.data ?? begun;
  const { state } = now;
  const content = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (state !== "waiting") void queryClient.invalidateQueries({ queryKey: ["accounts"] });
    // What had the focus is gone with the step before.
    if (document.activeElement === document.body) content.current?.focus();
  }, [state]);
  if (isGone(query.error)) return <Refusal error={query.error} />;
  return (
    <div className={mergeClasses(styles.content, styles.step)} ref={content} tabIndex={-1}>
      <Refusal error={query.error} />
      {state === "waiting" && begun.flow === "code" && (
        <>
          <div>{t("authorize.help")}</div>
          <div>
            <Button as="a" appearance="primary" href={begun.url ?? ""} target="_blank" rel="noopener noreferrer">
              {t("authorize.open")}
            </Button>
          </div>
          <CopyField label={t("authorize.link")} value={begun.url ?? ""} copy={t("authorize.copy")} />
        </>
      )}
      {state === "waiting" && begun.flow === "device" && (
        <>
          <div>{t("authorize.deviceHelp")}</div>
          <DeviceCode authorization={begun} />
        </>
      )}
      <div role="status">
        {state === "waiting" || state === "trying" ? (
          <>
            <Spinner className={styles.busy} size="tiny" labelPosition="after" label={wordsOf(now)} />
            {state === "trying" ? <div>{t("authorize.tryingHelp")}</div> : <div>{t("authorize.ends")} <Time at={begun.ends} /></div>}
          </>
        ) : (
          <AuthorizationState authorization={now} />
        )}
      </div>
    </div>
  );
}

function Choice({ account, onBegun }: { account: Schemas["Account"]; onBegun: (begun: Schemas["Authorization"]) => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [flow, setFlow] = useState<"code" | "device">("code");
  const [testMail, setTestMail] = useState(false);
  const [consent, setConsent] = useState(false);
  const begin = useChange((body: Schemas["NewAuthorization"]) => call<Schemas["Authorization"]>("POST", path("accounts", account.name, "authorizations"), body));
  const own = account.access === "application";
  return (
    <>
      <DialogContent className={styles.content}>
        <Underway account={account.name} />
        <Refusal error={begin.error} />
        {own ? (
          <div>{t("authorize.applicationHelp")}</div>
        ) : (
          <Field label={t("authorize.how")}>
            <RadioGroup value={flow} onChange={(_, data) => setFlow(data.value === "device" ? "device" : "code")}>
              <Radio value="code" label={t("authorize.flow.code")} />
              <Radio value="device" label={t("authorize.flow.device")} />
            </RadioGroup>
          </Field>
        )}
        <TestMail checked={testMail} set={setTestMail} />
        {!own && flow === "code" && (
          <div>
            <Checkbox label={t("authorize.consent")} checked={consent} onChange={(_, data) => setConsent(data.checked === true)} />
            <div className={styles.hint}>{t("authorize.consentHelp")}</div>
          </div>
        )}
      </DialogContent>
      <DialogActions fluid>
        <DialogTrigger disableButtonEnhancement>
          <Button>{t("common.cancel")}</Button>
        </DialogTrigger>
        <Button appearance="primary" disabled={begin.isPending} onClick={() => begin.mutate({ flow: own ? "application" : flow, test_mail: testMail, consent: consent && !own && flow === "code" }, { onSuccess: onBegun })}>
          {t("authorize.begin")}
        </Button>
      </DialogActions>
    </>
  );
}

export function AuthorizeButton({ account }: { account: Schemas["Account"] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [open, setOpen] = useState(false);
  const [begun, setBegun] = useState<Schemas["Authorization"]>();
  return (
    <Dialog
      open={open}
      onOpenChange={(_, data) => {
        setOpen(data.open);
        if (data.open) setBegun(undefined);
      }}
    >
      <DialogTrigger disableButtonEnhancement>
        <Button appearance="primary" aria-haspopup="dialog">
          {t("authorize.button")}
        </Button>
      </DialogTrigger>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t("authorize.title", { account: account.name })}</DialogTitle>
          {begun ? (
            <>
              <DialogContent className={styles.content}>
                <Progress begun={begun} />
              </DialogContent>
              <DialogActions fluid>
                <DialogTrigger disableButtonEnhancement>
                  <Button>{t("common.close")}</Button>
                </DialogTrigger>
              </DialogActions>
            </>
          ) : (
            <Choice account={account} onBegun={setBegun} />
          )}
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
