// The sign-in form. It stands at the address that was asked for, so that signing in leads there.
import { Button, Card, Field, Input } from "@fluentui/react-components";
import { useEffect, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useSignIn } from "../api/queries";
import { Refusal } from "../parts/refusal";
import { Outside, useOutsideStyles } from "../shell/outside";

export function SignInPage() {
  const { t } = useTranslation();
  const styles = useOutsideStyles();
  const signIn = useSignIn();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  useEffect(() => {
    document.title = `${t("signIn.title")} – Postroom`;
  }, [t]);
  const send = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate({ name, password });
  };
  return (
    <Outside>
      <Card className={styles.card}>
        <form className={styles.form} onSubmit={send}>
          <div>
            <div className={styles.product}>Postroom</div>
            <h1 className={styles.heading}>{t("signIn.title")}</h1>
          </div>
          <Refusal error={signIn.error} />
          <Field label={t("signIn.name")} required>
            <Input name="name" autoComplete="username" autoFocus value={name} onChange={(_, data) => setName(data.value)} />
          </Field>
          <Field label={t("signIn.password")} required>
            <Input name="password" type="password" autoComplete="current-password" value={password} onChange={(_, data) => setPassword(data.value)} />
          </Field>
          <Button type="submit" appearance="primary" disabled={signIn.isPending}>
            {t("signIn.submit")}
          </Button>
        </form>
      </Card>
    </Outside>
  );
}
