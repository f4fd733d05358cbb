// What is to be passed on or entered elsewhere: a link, a secret, a value of a registration, a script.
import { Button, Field, Input, makeStyles, Textarea, tokens } from "@fluentui/react-components";
import { CheckmarkRegular } from "@fluentui/react-icons/svg/checkmark";
import { CopyRegular } from "@fluentui/react-icons/svg/copy";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Data } from "./words";

const useStyles = makeStyles({
  whole: { display: "flex", flexDirection: "column", alignItems: "flex-start", gap: tokens.spacingVerticalS },
  field: { width: "100%" },
  row: { display: "flex", gap: tokens.spacingHorizontalS, alignItems: "flex-start" },
  value: { flexGrow: 1, minWidth: 0 },
  script: { fontFamily: tokens.fontFamilyMonospace, whiteSpace: "pre", overflowX: "auto" },
  line: { display: "inline-flex", alignItems: "center", gap: "4px" },
  code: { fontFamily: tokens.fontFamilyMonospace, whiteSpace: "nowrap" },
  inline: { display: "inline-flex", alignItems: "center", gap: "4px" },
  said: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

// The clipboard is there on https and localhost only; elsewhere people copy from the field.
const can = "clipboard" in navigator;

/** A small button beside a value; `label` says which. */
export function CopyButton({ label, value, size = "medium" }: { label: string; value: string; size?: "small" | "medium" }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [copied, setCopied] = useState<string>();
  const done = copied === value;
  if (!can) return null;
  return (
    <span className={styles.inline}>
      <Button appearance="subtle" size={size} icon={done ? <CheckmarkRegular /> : <CopyRegular />} aria-label={t("common.copyOf", { label })} title={t("common.copyOf", { label })} onClick={() => void navigator.clipboard.writeText(value).then(() => setCopied(value))} />
      <span role="status" className={styles.said}>
        {done && t("common.copied")}
      </span>
    </span>
  );
}

/** A value in a table, to be copied. */
export function CopyText({ label, value }: { label: string; value: string }) {
  const styles = useStyles();
  return (
    <span className={styles.line}>
      <span className={styles.code}>
        <Data>{value}</Data>
      </span>
      <CopyButton size="small" label={label} value={value} />
    </span>
  );
}

/** `copy` is what the button says, which stands below then; without it a small one stands beside the value. `lines`: of a script. */
export function CopyField({ label, value, copy, hint, lines }: { label: string; value: string; copy?: string; hint?: string; lines?: number }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [copied, setCopied] = useState(false);
  return (
    <div className={styles.whole}>
      <Field label={label} className={styles.field} {...(hint ? { hint } : {})}>
        {(props) => (
          <div className={styles.row}>
            {lines ? (
              <Textarea {...props} data-said="" className={styles.value} textarea={{ className: styles.script }} readOnly value={value} rows={lines} resize="vertical" dir="ltr" onFocus={(event) => event.target.select()} />
            ) : (
              <Input {...props} className={styles.value} readOnly value={value} dir="ltr" onFocus={(event) => event.target.select()} />
            )}
            {!copy && <CopyButton label={label} value={value} />}
          </div>
        )}
      </Field>
      {can && copy && <Button onClick={() => void navigator.clipboard.writeText(value).then(() => setCopied(true))}>{copied ? t("common.copied") : copy}</Button>}
    </div>
  );
}
