// Asking for a run of the check list, and how far the last one is.
import { Button, Link, makeStyles, MessageBar, MessageBarBody, ProgressBar, tokens } from "@fluentui/react-components";
import { ArrowSyncRegular } from "@fluentui/react-icons/svg/arrow-sync";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { isUnderWay, useCheckRuns, type Run } from "../api/checks";
import { call, path, type Schemas } from "../api/client";
import { useChange, useMay, useSession } from "../api/queries";
import { serversLanguage } from "../i18n";
import { Refusal } from "./refusal";
import { Data, Num, Time } from "./words";

const useStyles = makeStyles({
  run: { display: "inline-flex", flexDirection: "column", gap: tokens.spacingVerticalXS },
  progress: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalXS, maxWidth: "480px" },
  faint: { color: tokens.colorNeutralForeground3, display: "flex", flexWrap: "wrap", columnGap: tokens.spacingHorizontalS },
});

const patience = 90_000; // before it is worth asking whether any server is there

/** `name`: for those who don't see beside what it stands. */
export function RunCheck({ wanted, label, name, primary = false }: { wanted: Partial<Schemas["NewCheckRun"]>; label: string; name?: string; primary?: boolean }) {
  const styles = useStyles();
  const writes = useMay("accounts:write");
  const session = useSession().data;
  const begin = useChange(() => call<Schemas["CheckRun"]>("POST", path("checks", "runs"), wanted));
  // Whoever sees some departments only names what is to be checked.
  if (!writes || (!session?.sees_all && !wanted.account && !wanted.mailbox)) return null;
  return (
    <span className={styles.run}>
      <Button
        {...(primary ? { appearance: "primary" as const } : { size: "small" as const })}
        icon={<ArrowSyncRegular />}
        {...(name ? { "aria-label": name } : {})}
        disabled={begin.isPending}
        onClick={() => begin.mutate(undefined)}
      >
        {label}
      </Button>
      <Refusal error={begin.error} />
    </span>
  );
}

function about(run: Run): ReactNode {
  const whom = run.mailbox || run.account;
  return (
    <>
      {run.items.length > 0 && <Data>{run.items.join(", ")}</Data>} {whom !== "" && <Data>{whom}</Data>}
    </>
  );
}

export function RunProgress() {
  const { t } = useTranslation();
  const styles = useStyles();
  const runs = useCheckRuns();
  const last = runs.data?.[0];
  if (!last) return null;
  if (isUnderWay(last)) {
    return (
      <div className={styles.progress}>
        {last.state === "waiting" && Date.now() - Date.parse(last.begun) > patience ? (
          <MessageBar intent="warning" layout="multiline">
            <MessageBarBody>{t("check.nobodyTakesIt")}</MessageBarBody>
          </MessageBar>
        ) : (
          <>
            <ProgressBar aria-label={t("check.underWay")} {...(last.expected > 0 ? { value: Math.min(1, last.told / last.expected) } : {})} />
            <div role="status">
              {t("check.underWay")} {about(last)} {last.expected > 0 && <><Num value={last.told} /> / <Num value={last.expected} /></>}
            </div>
          </>
        )}
      </div>
    );
  }
  return (
    <div className={styles.faint}>
      <span>
        {t("check.last")} <Time at={last.begun} />, {last.by === "schedule" ? t("check.bySchedule") : <Data>{last.by}</Data>} {about(last)}
      </span>
      <Link href={path("checks", "runs", last.id)} download={`check-list-${last.begun.slice(0, 10)}.json`}>{t("check.download")}</Link>
      <Link href={`${path("checks", "runs", last.id, "report")}?lang=${encodeURIComponent(serversLanguage())}`} download={`check-list-${last.begun.slice(0, 10)}.html`}>{t("check.page")}</Link>
      <Link as="button" onClick={() => print()}>{t("check.print")}</Link>
    </div>
  );
}
