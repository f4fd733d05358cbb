// Text that is pasted, or read from a file: a certificate with its key.
import { Button, makeStyles, Textarea, tokens, type TextareaProps } from "@fluentui/react-components";
import { useRef } from "react";
import { useTranslation } from "react-i18next";

const useStyles = makeStyles({
  whole: { display: "flex", flexDirection: "column", alignItems: "flex-start", gap: tokens.spacingVerticalS },
  text: { width: "100%", fontFamily: tokens.fontFamilyMonospace },
});

/** `field` is what a Field gives its control. */
export function FileText({ field, name, value, set }: { field: Partial<TextareaProps>; name: string; value: string; set: (text: string) => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const picker = useRef<HTMLInputElement>(null);
  return (
    <div className={styles.whole}>
      <Textarea {...field} className={styles.text} name={name} value={value} onChange={(_, data) => set(data.value)} rows={6} resize="vertical" dir="ltr" spellCheck={false} autoComplete="off" />
      <input
        ref={picker}
        type="file"
        hidden
        onChange={(event) => {
          void event.target.files?.[0]?.text().then(set);
          event.target.value = "";
        }}
      />
      <Button onClick={() => picker.current?.click()}>{t("common.chooseFile")}</Button>
    </div>
  );
}
