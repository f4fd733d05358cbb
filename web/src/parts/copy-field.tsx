// A link or a secret to be passed on.
import { Button, Field, Input, makeStyles, tokens } from "@fluentui/react-components";
import { useState } from "react";
import { useTranslation } from "react-i18next";

const useStyles = makeStyles({ whole: { display: "flex", flexDirection: "column", alignItems: "flex-start", gap: tokens.spacingVerticalS }, field: { width: "100%" } });

export function CopyField({ label, value, copy }: { label: string; value: string; copy: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [copied, setCopied] = useState(false);
  return (
    <div className={styles.whole}>
      <Field label={label} className={styles.field}>
        <Input readOnly value={value} dir="ltr" onFocus={(event) => event.target.select()} />
      </Field>
      {/* The clipboard is there on https and localhost only; elsewhere people copy from the field. */}
      {"clipboard" in navigator && <Button onClick={() => void navigator.clipboard.writeText(value).then(() => setCopied(true))}>{copied ? t("common.copied") : copy}</Button>}
    </div>
  );
}
