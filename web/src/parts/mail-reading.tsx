// What a received mail says of itself beside its words: who was not reached, who invites whom, and why it is not all here.
import { Badge, Link, makeStyles, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { path, type Schemas } from "../api/client";
import { Facts } from "./facts";
import { Data, Said, State, type Mood } from "./words";

type Reading = Schemas["Reading"];
type Invitation = Schemas["Invitation"];
type Recipient = Schemas["MailReport"]["recipients"][number];

const mostShown = 20;

const useStyles = makeStyles({
  reading: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS },
  block: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS, padding: tokens.spacingHorizontalM, backgroundColor: tokens.colorNeutralBackground2, borderRadius: tokens.borderRadiusMedium },
  title: { fontWeight: tokens.fontWeightSemibold, overflowWrap: "anywhere" },
  list: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalXS, listStyleType: "none", margin: 0, padding: 0 },
  aside: { color: tokens.colorNeutralForeground3 },
});

/** Why a machine's mail counts as one, and whether it is signed. */
export function ReadingBadges({ activity }: { activity: Schemas["Activity"] }) {
  const { t } = useTranslation();
  const { reading } = activity;
  const automatic = reading && reading.automatic !== "no" ? t(`reading.automatic.${reading.automatic}`) : t("activity.automatic");
  return (
    <>
      {activity.automatic && (
        <Badge appearance="tint" color="informative">
          {automatic}
        </Badge>
      )}
      {reading && (reading.protection === "smime_signed" || reading.protection === "pgp_signed") && (
        <Badge appearance="outline" color="informative">
          {t(`reading.${reading.protection}`)}
        </Badge>
      )}
    </>
  );
}

const actionMood: Record<string, Mood> = { failed: "bad", delayed: "busy", delivered: "good", relayed: "good", expanded: "good", displayed: "good", deleted: "warn", abuse: "warn" };

function ReportOn({ recipient, kind }: { recipient: Recipient; kind: Schemas["MailReport"]["kind"] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const address = recipient.address || "–";
  const words = recipient.action in actionMood ? t(`reading.report.${recipient.action}`, { address }) : <Data>{`${address}: ${recipient.action}`}</Data>;
  const why = recipient.meaning === "unknown" ? "" : t(`reading.report.why.${recipient.meaning}`);
  return (
    <State mood={actionMood[recipient.action] ?? (kind === "complaint" ? "warn" : "busy")} words={<>{words} {why}</>} reason={recipient.diagnostic}>
      {(recipient.status || recipient.remote) && (
        <div className={styles.aside}>
          {recipient.status && <Data>{recipient.status}</Data>} {recipient.remote && <Data>{recipient.remote}</Data>}
        </div>
      )}
    </State>
  );
}

function Report({ report }: { report: Schemas["MailReport"] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const more = report.recipients.length - mostShown;
  return (
    <section className={styles.block} aria-label={t(`reading.report.${report.kind}`)}>
      <div className={styles.title}>{t(`reading.report.${report.kind}`)}</div>
      <ul className={styles.list}>
        {report.recipients.slice(0, mostShown).map((recipient, at) => (
          <li key={at}>
            <ReportOn recipient={recipient} kind={report.kind} />
          </li>
        ))}
      </ul>
      {more > 0 && <div>{t("reading.more", { count: more })}</div>}
      {report.reporter && (
        <div className={styles.aside}>
          {t("reading.report.reporter")} <Data>{report.reporter}</Data>
        </div>
      )}
    </section>
  );
}

type EventTime = NonNullable<Invitation["begins"]>;

/** A time of an invitation as if it were UTC's; null where it is none. */
function asUtc(time: EventTime | null): Date | null {
  if (!time) return null;
  const date = new Date(`${time.local.replace(" ", "T")}${time.whole_day ? "T00:00" : ""}Z`);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** In the invitation's own zone, and in the reader's. */
function When({ begins, ends }: { begins: EventTime; ends: EventTime | null }) {
  const { t, i18n } = useTranslation();
  const styles = useStyles();
  const span = (form: Intl.DateTimeFormatOptions, from: Date, to: Date | null) => {
    const format = new Intl.DateTimeFormat(i18n.language, form);
    return to && to > from ? format.formatRange(from, to) : format.format(from);
  };
  const form: Intl.DateTimeFormatOptions = begins.whole_day ? { dateStyle: "full" } : { dateStyle: "full", timeStyle: "short" };
  const said = asUtc(begins);
  return (
    <>
      <div>
        {said ? <time dateTime={begins.local.replace(" ", "T")}>{span({ ...form, timeZone: "UTC" }, said, asUtc(ends))}</time> : <Data>{begins.local}</Data>}
        {begins.zone && (
          <>
            {" "}
            (<Data>{begins.zone}</Data>)
          </>
        )}
      </div>
      {begins.at && (
        <div className={styles.aside}>
          {t("reading.invitation.yours")} <time dateTime={begins.at}>{span({ dateStyle: "medium", timeStyle: "short" }, new Date(begins.at), ends?.at ? new Date(ends.at) : null)}</time>
        </div>
      )}
    </>
  );
}

function Who({ attendee }: { attendee: Schemas["Attendee"] }) {
  const { t } = useTranslation();
  const known = ["accepted", "declined", "tentative", "delegated"].includes(attendee.answer);
  return (
    <>
      <Data>{attendee.name && attendee.address ? `${attendee.name} <${attendee.address}>` : attendee.name || attendee.address}</Data>
      {attendee.answer && <> ({known ? t(`reading.invitation.${attendee.answer}`) : <Data>{attendee.answer}</Data>})</>}
    </>
  );
}

const methods = ["request", "publish", "cancel", "reply", "counter"];
const rhythms = ["daily", "weekly", "monthly", "yearly"];

function InvitationTo({ invitation }: { invitation: Invitation }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const method = invitation.cancelled ? "cancel" : methods.includes(invitation.method) ? invitation.method : "publish";
  const more = invitation.attendees.length - mostShown;
  const rhythm = /FREQ=([A-Z]+)/.exec(invitation.repeats)?.[1]?.toLowerCase() ?? "";
  const kind = t(`reading.invitation.${method}`);
  return (
    <section className={styles.block} aria-label={kind}>
      <div className={styles.title}>
        {kind} {invitation.summary && <Data>{invitation.summary}</Data>}
      </div>
      <Facts
        facts={[
          [t("reading.invitation.when"), invitation.begins !== null && <When begins={invitation.begins} ends={invitation.ends} />],
          [t("reading.invitation.repeats"), invitation.repeats !== "" && (rhythms.includes(rhythm) ? <>{t(`reading.invitation.${rhythm}`)} (<Data>{invitation.repeats}</Data>)</> : <Data>{invitation.repeats}</Data>)],
          [t("reading.invitation.where"), invitation.place !== "" && <Said>{invitation.place}</Said>],
          [t("reading.invitation.organizer"), invitation.organizer !== null && <Who attendee={invitation.organizer} />],
          [
            t("reading.invitation.attendees"),
            invitation.attendees.length > 0 && (
              <ul className={styles.list}>
                {invitation.attendees.slice(0, mostShown).map((attendee, at) => (
                  <li key={at}>
                    <Who attendee={attendee} />
                  </li>
                ))}
                {more > 0 && <li>{t("reading.more", { count: more })}</li>}
              </ul>
            ),
          ],
        ]}
      />
    </section>
  );
}

export function MailReading({ id, reading }: { id: string; reading: Reading }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const original = (
    <Link href={path("activities", id, "raw")} target="_blank" rel="noopener">
      {t("activity.raw")}
    </Link>
  );
  const { protection, cut, report, invitation } = reading;
  const encrypted = protection === "smime_encrypted" || protection === "pgp_encrypted";
  if (!encrypted && cut.length === 0 && !report && !invitation) return null;
  return (
    <div className={styles.reading}>
      {encrypted && (
        <State mood="warn" words={t(`reading.${protection}`)} reason={t("reading.encryptedHelp")}>
          {original}
        </State>
      )}
      {cut.length > 0 && (
        <State mood="warn" words={t("reading.cut.shownInPart")} reason={cut.map((each) => t(`reading.cut.${each}`)).join("\n")}>
          {original}
        </State>
      )}
      {report && <Report report={report} />}
      {invitation && <InvitationTo invitation={invitation} />}
    </div>
  );
}
