// The sign-in that gives an account its grant: a link for this browser, or to be sent to whoever has the password; then it waits
// for the provider's answer. Nothing opens by itself.
import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, DialogTrigger, makeStyles, MessageBar, MessageBarBody, MessageBarTitle, Spinner, tokens } from "@fluentui/react-components";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { queryClient, useAuthorization, useChange } from "../api/queries";
import { CopyField } from "./copy-field";
import { Refusal } from "./refusal";
import { Said, Time } from "./words";

const useStyles = makeStyles({ content: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM } });

function Progress({ begun }: { begun: Schemas["Authorization"] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const query = useAuthorization(begun.id);
  const state = query.data?.state ?? "waiting";
  const url = begun.url ?? "";
  useEffect(() => {
    if (state !== "waiting") void queryClient.invalidateQueries({ queryKey: ["accounts"] });
  }, [state]);
  if (state !== "waiting") {
    return (
      <MessageBar intent={state === "accepted" ? "success" : "error"} layout="multiline" role="status">
        <MessageBarBody>
          <MessageBarTitle>{t(`authorize.${state}`)}</MessageBarTitle> <Said>{query.data?.reason ?? ""}</Said>
        </MessageBarBody>
      </MessageBar>
    );
  }
  return (
    <div className={styles.content}>
      <div>{t("authorize.help")}</div>
      <div>
        <Button as="a" appearance="primary" href={url} target="_blank" rel="noopener noreferrer">
          {t("authorize.open")}
        </Button>
      </div>
      <CopyField label={t("authorize.link")} value={url} copy={t("authorize.copy")} />
      <Spinner size="tiny" labelPosition="after" label={t("authorize.waiting")} />
      <div>
        {t("authorize.ends")} <Time at={begun.ends} />
      </div>
      <Refusal error={query.error} />
    </div>
  );
}

export function AuthorizeButton({ account }: { account: string }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const begin = useChange(() => call<Schemas["Authorization"]>("POST", path("accounts", account, "authorize")));
  return (
    <Dialog
      open={open}
      onOpenChange={(_, data) => {
        setOpen(data.open);
        if (data.open) begin.mutate(undefined);
      }}
    >
      <DialogTrigger disableButtonEnhancement>
        <Button appearance="primary" aria-haspopup="dialog">
          {t("authorize.button")}
        </Button>
      </DialogTrigger>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t("authorize.title", { account })}</DialogTitle>
          <DialogContent>
            <Refusal error={begin.error} />
            {begin.isPending && <Spinner label={t("common.loading")} />}
            {begin.data && <Progress begun={begin.data} />}
          </DialogContent>
          <DialogActions fluid>
            <DialogTrigger disableButtonEnhancement>
              <Button>{t("common.close")}</Button>
            </DialogTrigger>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
