// Where obtaining a grant stands: what it waits for, or how it ended, why, and what to do then.
import { Link, makeStyles, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { Cause } from "./cause";
import { CopyButton, CopyField } from "./copy-field";
import { Data, State, Time } from "./words";

const useStyles = makeStyles({
  code: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase600, lineHeight: tokens.lineHeightBase600, letterSpacing: "0.1em", overflowWrap: "anywhere" },
  line: { display: "flex", flexWrap: "wrap", alignItems: "center", gap: tokens.spacingHorizontalS },
  label: { color: tokens.colorNeutralForeground3 },
});

export const authorizationMood = { waiting: "busy", trying: "busy", accepted: "good", refused: "bad" } as const;

/** What somebody enters on any device. */
export function DeviceCode({ authorization }: { authorization: Schemas["Authorization"] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { user_code: code, verification_url: url } = authorization;
  return (
    <>
      <div className={styles.line}>
        <span className={styles.label}>{t("authorize.openPage")}</span>
        <Link href={authorization.url ?? url} target="_blank" rel="noopener noreferrer" dir="ltr">
          <Data>{url}</Data>
        </Link>
        <CopyButton label={t("authorize.page")} value={url} />
      </div>
      <div className={styles.line}>
        <span className={styles.label}>{t("authorize.enterCode")}</span>
        <output className={styles.code} dir="ltr" aria-label={t("authorize.code")} data-said="">
          {code}
        </output>
        <CopyButton label={t("authorize.code")} value={code} />
      </div>
    </>
  );
}

/** What it waits for, or came to. */
export function useAuthorizationWords() {
  const { t } = useTranslation();
  return ({ state, flow }: Schemas["Authorization"]) => {
    // Then nobody signs in.
    if (flow === "application" && state === "refused") return t("authorize.tokenRefused");
    if (flow === "application" && state === "waiting") return t("authorize.tokenAwaited");
    return t(`authorize.state.${state}`);
  };
}

export function AuthorizationState({ authorization }: { authorization: Schemas["Authorization"] }) {
  const { t } = useTranslation();
  const wordsOf = useAuthorizationWords();
  const { state, flow } = authorization;
  const mood = state === "accepted" && authorization.notes ? "warn" : authorizationMood[state];
  return (
    <State mood={mood} words={wordsOf(authorization)} reason={authorization.reason || authorization.notes}>
      <Cause causes={authorization.causes} />
      {state === "trying" && <div>{t("authorize.tryingHelp")}</div>}
      {state === "waiting" && (
        <>
          {flow === "device" && <DeviceCode authorization={authorization} />}
          <div>
            {t("authorize.ends")} <Time at={authorization.ends} />
          </div>
        </>
      )}
      {authorization.admin_consent_url && <CopyField label={t("registration.consent")} value={authorization.admin_consent_url} hint={t("registration.consentHint")} />}
    </State>
  );
}
