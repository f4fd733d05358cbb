// The sign-in form. It stands at the address that was asked for, so that signing in leads there.
import { Button, Card, Field, Input, makeStyles, tokens, typographyStyles } from "@fluentui/react-components";
import { useEffect, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useSignIn } from "../api/queries";
import { Refusal } from "../parts/refusal";
import { LabBanner, LanguageMenu } from "../shell/shell";

const useStyles = makeStyles({
  page: { minHeight: "100vh", display: "flex", flexDirection: "column", backgroundColor: tokens.colorNeutralBackground2 },
  top: { display: "flex", justifyContent: "flex-end", padding: "8px 16px" },
  main: { display: "flex", justifyContent: "center", padding: "8vh 16px 32px" },
  card: { width: "100%", maxWidth: "400px", padding: "32px" },
  form: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  product: { color: tokens.colorBrandForeground1, fontWeight: tokens.fontWeightSemibold },
  heading: { ...typographyStyles.title3, margin: "4px 0 0" },
});

export function SignInPage() {
  const { t } = useTranslation();
  const styles = useStyles();
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
    <div className={styles.page}>
      <LabBanner />
      <div className={styles.top}>
        <LanguageMenu />
      </div>
      <main className={styles.main}>
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
      </main>
    </div>
  );
}
