// A mail from a file, put before the screens of a department: what they would do with it, and why.
import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useChange } from "../api/queries";
import { Met } from "./met";
import { Refusal } from "./refusal";
import { Data, Said } from "./words";

const useStyles = makeStyles({
  whole: { display: "flex", flexDirection: "column", alignItems: "flex-start", gap: tokens.spacingVerticalS },
  verdict: { padding: "10px 12px", border: `1px solid ${tokens.colorNeutralStroke2}`, borderRadius: tokens.borderRadiusMedium, backgroundColor: tokens.colorNeutralBackground1 },
  fate: { fontWeight: tokens.fontWeightSemibold },
});

async function base64Of(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(text);
}

export function MailTest({ department }: { department: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const picker = useRef<HTMLInputElement>(null);
  const judge = useChange(async (file: File) => call<Schemas["ScreensVerdict"]>("POST", path("departments", department, "screens", "test"), { mail: await base64Of(file) }));
  const verdict = judge.data;
  return (
    <div className={styles.whole}>
      <input
        ref={picker}
        type="file"
        hidden
        accept=".eml,message/rfc822"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) judge.mutate(file);
          event.target.value = "";
        }}
      />
      <Button disabled={judge.isPending} onClick={() => picker.current?.click()}>
        {t("screen.chooseMail")}
      </Button>
      <Refusal error={judge.error} />
      <div role="status">
        {verdict && (
          <div className={styles.verdict}>
            <div className={styles.fate}>{t(`screen.fate.${verdict.fate}`)}</div>
            {verdict.screen && <Met screen={verdict.screen} rule={verdict.rule} />}
            {verdict.because && <Said>{verdict.because}</Said>}
            {verdict.files.map((file, at) => (
              <div key={at}>
                <Data>{file.name || "–"}</Data>
                {file.contents.map((each) => ` · ${t(`screen.content.${each}`)}`)}
              </div>
            ))}
          </div>
        )}
      </div>
    </div>
  );
}
