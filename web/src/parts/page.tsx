// The frame of a page: its heading, which takes the focus when one comes here from another page, its actions, and its content
// once that has been fetched.
import { makeStyles, mergeClasses, Spinner, tokens, typographyStyles } from "@fluentui/react-components";
import type { UseQueryResult } from "@tanstack/react-query";
import { useEffect, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Refusal } from "./refusal";

const useStyles = makeStyles({
  page: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL, padding: "24px 32px 48px", "@media (max-width: 640px)": { padding: "16px 16px 32px" } },
  head: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalM, alignItems: "center", justifyContent: "space-between" },
  heading: { ...typographyStyles.title2, margin: 0, outlineStyle: "none", overflowWrap: "anywhere" },
  section: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM, marginTop: tokens.spacingVerticalM },
  sectionHeading: { ...typographyStyles.subtitle1, margin: 0 },
  actions: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
});

let first = true;

export function Page({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  const styles = useStyles();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!first) heading.current?.focus();
    first = false;
  }, []);
  useEffect(() => {
    document.title = `${title} – Postroom`;
  }, [title]);
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1 className={styles.heading} ref={heading} tabIndex={-1} dir="auto">
          {title}
        </h1>
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </div>
  );
}

export function Section({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  const styles = useStyles();
  return (
    <section className={styles.section} aria-label={title}>
      <div className={styles.head}>
        <h2 className={mergeClasses(styles.sectionHeading)}>{title}</h2>
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </section>
  );
}

/** What was fetched, or that it is on its way, or why it did not come. A later refusal stands above what was fetched before. */
export function Fetched<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  const { t } = useTranslation();
  return (
    <>
      <Refusal error={query.error} />
      {query.isPending && <Spinner label={t("common.loading")} />}
      {query.data !== undefined && children(query.data)}
    </>
  );
}
