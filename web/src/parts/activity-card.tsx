// One mail of a case. Its HTML is a stranger's: it is shown in a frame that may only open links (so neither scripts
// nor forms nor this page's origin), from an address that answers under a policy of its own.
import { Badge, Card, Link, makeStyles, Tab, TabList, tokens } from "@fluentui/react-components";
import { AttachRegular } from "@fluentui/react-icons/svg/attach";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { path, type Schemas } from "../api/client";
import { MailReading, ReadingBadges } from "./mail-reading";
import { OutboundStateOf } from "./outbound-state";
import { tame } from "../i18n/bidi";
import { Data, DataList, Size, Time } from "./words";

const useStyles = makeStyles({
  sent: { borderInlineStartWidth: "3px", borderInlineStartStyle: "solid", borderInlineStartColor: tokens.colorBrandStroke1 },
  received: { borderInlineStartWidth: "3px", borderInlineStartStyle: "solid", borderInlineStartColor: tokens.colorNeutralStroke1 },
  head: { display: "flex", flexWrap: "wrap", gap: "4px 16px", justifyContent: "space-between" },
  line: { overflowWrap: "anywhere" },
  label: { color: tokens.colorNeutralForeground3 },
  from: { fontWeight: tokens.fontWeightSemibold, overflowWrap: "anywhere" },
  badges: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalXS },
  text: { margin: 0, whiteSpace: "pre-wrap", overflowWrap: "anywhere", fontFamily: tokens.fontFamilyBase, fontSize: tokens.fontSizeBase300, lineHeight: tokens.lineHeightBase300 },
  // Each line of a mail has its own direction.
  lines: { unicodeBidi: "plaintext" },
  resizable: { height: "320px", minHeight: "120px", resize: "vertical", overflow: "hidden", border: `1px solid ${tokens.colorNeutralStroke2}`, borderRadius: tokens.borderRadiusMedium },
  // Mail is written for white paper, and says so seldom.
  frame: { width: "100%", height: "100%", border: "none", backgroundColor: "#fff", colorScheme: "light" },
  files: { display: "flex", flexWrap: "wrap", gap: "4px 16px", listStyleType: "none", margin: 0, padding: 0 },
  foot: { display: "flex", flexWrap: "wrap", gap: "4px 16px", alignItems: "center" },
});

function AddressLine({ label, list }: { label: string; list: string[] }) {
  const styles = useStyles();
  if (list.length === 0) return null;
  return (
    <div className={styles.line}>
      <span className={styles.label}>{label}</span> <DataList items={list} />
    </div>
  );
}

export function ActivityCard({ activity }: { activity: Schemas["Activity"] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [view, setView] = useState(activity.has_html && activity.kind === "received" ? "html" : "text");
  const isMail = activity.kind === "received" || activity.kind === "sent";
  return (
    <Card className={activity.kind === "sent" ? styles.sent : styles.received} role="article" aria-label={t(`activity.by.${activity.kind}`, { from: activity.from })}>
      <div className={styles.head}>
        <div>
          <div className={styles.from}>
            <Data>{activity.from}</Data>
          </div>
          <AddressLine label={t("mail.to")} list={activity.to} />
          <AddressLine label={t("mail.cc")} list={activity.cc} />
        </div>
        <div>
          <Time at={activity.at} />
        </div>
      </div>
      <div className={styles.badges}>
        <Badge appearance="outline" color="informative">
          {t(`activity.${activity.kind}`)}
        </Badge>
        <ReadingBadges activity={activity} />
        {activity.possible_duplicate && (
          <Badge appearance="tint" color="warning">
            {t("activity.possibleDuplicate")}
          </Badge>
        )}
      </div>
      {activity.reading && <MailReading id={activity.id} reading={activity.reading} />}
      {activity.has_html && (
        <TabList size="small" selectedValue={view} onTabSelect={(_, data) => setView(String(data.value))} aria-label={t("activity.view")}>
          <Tab value="html">{t("activity.html")}</Tab>
          <Tab value="text">{t("activity.text")}</Tab>
        </TabList>
      )}
      {view === "html" ? (
        <div className={styles.resizable}>
          <iframe className={styles.frame} sandbox="allow-popups allow-popups-to-escape-sandbox" referrerPolicy="no-referrer" loading="lazy" src={path("activities", activity.id, "html")} title={t("activity.htmlOf", { from: activity.from })} />
        </div>
      ) : (
        <div className={styles.text}>{activity.text ? <div className={styles.lines} dir="auto" data-said="">{tame(activity.text)}</div> : t("activity.noText")}</div>
      )}
      {activity.attachments.length > 0 && (
        <ul className={styles.files} aria-label={t("activity.attachments")}>
          {activity.attachments.map((file) => (
            <li key={file.part}>
              <AttachRegular aria-hidden="true" />{" "}
              <Link href={path("activities", activity.id, "parts", file.part)} download={file.name || true}>
                {file.name ? <Data>{file.name}</Data> : t("activity.unnamed")}
              </Link>{" "}
              (<Size bytes={file.size} />)
            </li>
          ))}
        </ul>
      )}
      {activity.outbound && <OutboundStateOf outbound={activity.outbound} />}
      {isMail && (
        <div className={styles.foot}>
          <Link href={path("activities", activity.id, "raw")} target="_blank" rel="noopener">
            {t("activity.raw")}
          </Link>
        </div>
      )}
    </Card>
  );
}
