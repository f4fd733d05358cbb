// Times, sizes, states and addresses as people read them, in the language that is chosen; and what others wrote, as theirs.
import { Link, makeStyles, tokens } from "@fluentui/react-components";
import { CheckmarkCircleFilled } from "@fluentui/react-icons/svg/checkmark-circle";
import { ClockRegular } from "@fluentui/react-icons/svg/clock";
import { ErrorCircleFilled } from "@fluentui/react-icons/svg/error-circle";
import { WarningFilled } from "@fluentui/react-icons/svg/warning";
import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useHref, useLinkClickHandler } from "react-router-dom";
import { tame } from "../i18n/bidi";

const useStyles = makeStyles({
  state: { display: "flex", gap: "6px", alignItems: "flex-start" },
  icon: { display: "inline-flex", flexShrink: 0, fontSize: "16px", paddingTop: "2px" },
  good: { color: tokens.colorStatusSuccessForeground1 },
  busy: { color: tokens.colorNeutralForeground3 },
  warn: { color: tokens.colorStatusWarningForeground1 },
  bad: { color: tokens.colorStatusDangerForeground1 },
  reason: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200, overflowWrap: "anywhere", whiteSpace: "pre-line" },
  time: { whiteSpace: "nowrap" },
});

/** A name, an address, a subject: somebody else wrote it, so its direction is its own. */
export function Data({ children, title }: { children: string; title?: string }) {
  return (
    <bdi {...(title ? { title: tame(title) } : {})}>
      {tame(children)}
    </bdi>
  );
}

/** Several of them in a line. */
export function DataList({ items }: { items: string[] }) {
  if (items.length === 0) return <>–</>;
  return (
    <>
      {items.map((item, at) => (
        <Fragment key={at}>
          {at > 0 && ", "}
          <Data>{item}</Data>
        </Fragment>
      ))}
    </>
  );
}

/** Sentences of the server's. It may have them in English only. */
export function Said({ children, className }: { children: string; className?: string }) {
  return (
    <span className={className} dir="auto" data-said="">
      {tame(children)}
    </span>
  );
}

export function Time({ at, none }: { at: string | null | undefined; none?: string }) {
  const { i18n } = useTranslation();
  const styles = useStyles();
  if (!at) return <>{none ?? "–"}</>;
  const date = new Date(at);
  const short = new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeStyle: "short" }).format(date);
  const full = new Intl.DateTimeFormat(i18n.language, { dateStyle: "full", timeStyle: "long" }).format(date);
  return (
    <time className={styles.time} dateTime={at} title={full}>
      {short}
    </time>
  );
}

export function Num({ value }: { value: number }) {
  const { i18n } = useTranslation();
  return <>{new Intl.NumberFormat(i18n.language).format(value)}</>;
}

export function Size({ bytes }: { bytes: number }) {
  const { i18n } = useTranslation();
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const step = bytes < 1_000 ? 0 : bytes < 1e6 ? 1 : bytes < 1e9 ? 2 : 3;
  const format = new Intl.NumberFormat(i18n.language, { style: "unit", unit: units[step] ?? "byte", unitDisplay: "short", maximumFractionDigits: 1 });
  return <data value={bytes}>{format.format(bytes / 1_000 ** step)}</data>;
}

/** A length of time, in its largest unit. */
export function Span({ seconds }: { seconds: number }) {
  const { i18n } = useTranslation();
  const units = ["second", "minute", "hour"] as const;
  const step = seconds < 90 ? 0 : seconds < 5_400 ? 1 : 2;
  return <data value={seconds}>{new Intl.NumberFormat(i18n.language, { style: "unit", unit: units[step] ?? "second", unitDisplay: "short", maximumFractionDigits: 0 }).format(seconds / 60 ** step)}</data>;
}

export type Mood = "good" | "busy" | "warn" | "bad";

/** A state in words, an icon that repeats it, and the reason where there is one. */
export function State({ mood, words, reason, children }: { mood: Mood; words: ReactNode; reason?: string | undefined; children?: ReactNode }) {
  const styles = useStyles();
  const Icon = { good: CheckmarkCircleFilled, busy: ClockRegular, warn: WarningFilled, bad: ErrorCircleFilled }[mood];
  return (
    <div className={styles.state}>
      <span className={`${styles.icon} ${styles[mood]}`} aria-hidden="true">
        <Icon />
      </span>
      <div>
        <div>{words}</div>
        {reason && (
          <div className={styles.reason}>
            <Said>{reason}</Said>
          </div>
        )}
        {children}
      </div>
    </div>
  );
}

export const accountMood = { new: "warn", ready: "good", "needs-authorization": "bad" } as const;
export const mailboxMood = { waiting: "busy", connecting: "busy", retrieving: "good", idle: "good", "backing-off": "warn", stopped: "bad" } as const;
export const outboundMood = { queued: "busy", claimed: "busy", committing: "busy", sent: "good", failed: "bad", "in-doubt": "warn", cancelled: "good" } as const;

export const outcomeMood = { holds: "good", fails: "bad", warns: "warn", "could-not-be-told": "busy" } as const;

/** A link to another page of the console. */
export function To({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link href={useHref(to)} onClick={useLinkClickHandler(to)}>
      {children}
    </Link>
  );
}

