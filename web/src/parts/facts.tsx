// What is known of one thing: terms, and beside each what it comes to.
import { makeStyles, tokens } from "@fluentui/react-components";
import { Fragment, type ReactNode } from "react";

const useStyles = makeStyles({
  facts: { display: "grid", gridTemplateColumns: "minmax(120px, max-content) minmax(0, 1fr)", gap: "8px 24px", margin: 0, "@media (max-width: 640px)": { gridTemplateColumns: "minmax(0, 1fr)", gap: "2px" } },
  term: { color: tokens.colorNeutralForeground3 },
  fact: { margin: 0, overflowWrap: "anywhere", "@media (max-width: 640px)": { marginBottom: "8px" } },
});

/** A fact that is false is left out. */
export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  const styles = useStyles();
  return (
    <dl className={styles.facts}>
      {facts.map(
        ([term, fact]) =>
          fact !== false && (
            <Fragment key={term}>
              <dt className={styles.term}>{term}</dt>
              <dd className={styles.fact}>{fact}</dd>
            </Fragment>
          ),
      )}
    </dl>
  );
}
