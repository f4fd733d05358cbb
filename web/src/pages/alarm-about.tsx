// The page of docs/alarms/ that an alarm links to. English, as the guide is.
import { makeStyles, tokens } from "@fluentui/react-components";
import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router-dom";
import { Page } from "../parts/page";
import { To } from "../parts/words";
import { NotFoundPage } from "./not-found";

const pages = import.meta.glob<string>("../../../docs/alarms/*.md", { query: "?raw", import: "default", eager: true });

const useStyles = makeStyles({ text: { maxWidth: "70ch" }, code: { fontFamily: tokens.fontFamilyMonospace } });

/** Bold words, code and links (which lead within the guide, and are left out), as these pages have them. */
function Line({ text }: { text: string }) {
  const styles = useStyles();
  const parts = text.split(/(\*\*[^*]+\*\*|`[^`]+`|\*[^*]+\*|\[[^\]]+\]\([^)]+\))/);
  const shown = (part: string): ReactNode => {
    if (part.startsWith("**")) return <strong>{part.slice(2, -2)}</strong>;
    if (part.startsWith("`")) return <code className={styles.code} dir="ltr">{part.slice(1, -1)}</code>;
    if (part.startsWith("*")) return <em>{part.slice(1, -1)}</em>;
    if (part.startsWith("[")) return part.slice(1, part.indexOf("]"));
    return part;
  };
  return <>{parts.map((part, index) => <Fragment key={index}>{shown(part)}</Fragment>)}</>;
}

export function AlarmAboutPage() {
  const { t } = useTranslation();
  const styles = useStyles();
  const { cause = "" } = useParams();
  const page = pages[`../../../docs/alarms/${cause}.md`];
  if (page === undefined) return <NotFoundPage />;
  const [title = "", ...paragraphs] = page.trim().split(/\n\n+/);
  return (
    <Page title={title.replace(/^# /, "")}>
      <div className={styles.text} lang="en" dir="ltr">
        {paragraphs.map((each, index) => (
          <p key={index}><Line text={each} /></p>
        ))}
      </div>
      <To to="/alarms">{t("alarm.title")}</To>
    </Page>
  );
}
