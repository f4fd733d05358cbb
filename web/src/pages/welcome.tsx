// Where a one-time link leads: its owner sets a password, and is signed in. The link's secret is behind the #, which browsers send to
// nobody, and leaves the address at once, so that it is in no history.
import { Button, Card, Field, Input, MessageBar, MessageBarBody, MessageBarTitle, Spinner } from "@fluentui/react-components";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router-dom";
import { call, path, Trouble, type Schemas } from "../api/client";
import { useWelcome } from "../api/queries";
import { shortestPassword } from "../api/rights";
import { Refusal } from "../parts/refusal";
import { Data, Time, To } from "../parts/words";
import { Outside, useOutsideStyles } from "../shell/outside";

/** Read once, before anything else of the page runs. */
const secret = location.pathname === "/welcome" ? location.hash.slice(1) : "";
if (secret !== "") history.replaceState(history.state, "", location.pathname + location.search);
// A newer link, opened where an older one was, differs from the address in its # only, for which browsers load nothing.
window.addEventListener("hashchange", () => {
  if (location.pathname === "/welcome" && location.hash.length > 1) location.reload();
});

/** Used, ended, replaced by a newer one, or cut off on its way here: all that helps is another. */
const isSpent = (error: unknown) => secret === "" || (error instanceof Trouble && (error.status === 410 || error.status === 404));

function Spent() {
  const { t } = useTranslation();
  return (
    <MessageBar intent="warning" layout="multiline" role="alert">
      <MessageBarBody>
        <MessageBarTitle>{t("welcome.spent")}</MessageBarTitle> {t("welcome.spentHelp")} <To to="/">{t("signIn.submit")}</To>
      </MessageBarBody>
    </MessageBar>
  );
}

export function WelcomePage() {
  const { t } = useTranslation();
  const styles = useOutsideStyles();
  const navigate = useNavigate();
  const set = useWelcome();
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [differ, setDiffer] = useState(false);
  const look = useQuery({ queryKey: ["welcome"], enabled: secret !== "", retry: false, refetchOnWindowFocus: false, staleTime: Infinity, queryFn: () => call<Schemas["WelcomeLook"]>("POST", path("welcome", "look"), { secret }) });
  useEffect(() => {
    document.title = `${t("welcome.title")} – Postroom`;
  }, [t]);
  const error = look.error ?? set.error;
  const spent = isSpent(error);
  const wrong = error instanceof Trouble ? error.problem?.field : undefined;
  return (
    <Outside>
      <Card className={styles.card}>
        <form
          className={styles.form}
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            setDiffer(password !== again);
            if (password === again) set.mutate({ secret, password }, { onSuccess: () => navigate("/", { replace: true }) });
          }}
        >
          <div>
            <div className={styles.product}>Postroom</div>
            <h1 className={styles.heading}>{t("welcome.title")}</h1>
          </div>
          {spent ? <Spent /> : <Refusal error={error} />}
          {secret !== "" && look.isPending && <Spinner label={t("common.loading")} />}
          {look.data && !spent && (
            <>
              <div>
                {t("welcome.for")} <Data>{look.data.name}</Data>
                <br />
                {t("user.linkEnds")} <Time at={look.data.ends} />
              </div>
              {/* So that a password manager knows whose password it is. */}
              <input type="text" name="name" autoComplete="username" value={look.data.name} readOnly hidden />
              <Field label={t("welcome.password")} hint={t("welcome.passwordHint", { count: shortestPassword })} required validationState={wrong === "password" ? "error" : "none"}>
                <Input name="password" type="password" autoComplete="new-password" autoFocus value={password} onChange={(_, data) => setPassword(data.value)} />
              </Field>
              <Field label={t("welcome.again")} required {...(differ ? { validationMessage: t("welcome.differ") } : {})}>
                <Input name="again" type="password" autoComplete="new-password" value={again} onChange={(_, data) => setAgain(data.value)} />
              </Field>
              <Button type="submit" appearance="primary" disabled={set.isPending}>
                {t("welcome.submit")}
              </Button>
            </>
          )}
        </form>
      </Card>
    </Outside>
  );
}
