// What surrounds the pages of those who are not signed in.
import { makeStyles, tokens, typographyStyles } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { LabBanner, LanguageMenu } from "./shell";

const useStyles = makeStyles({
  page: { minHeight: "100vh", display: "flex", flexDirection: "column", backgroundColor: tokens.colorNeutralBackground2 },
  top: { display: "flex", justifyContent: "flex-end", padding: "8px 16px" },
  main: { display: "flex", justifyContent: "center", padding: "8vh 16px 32px" },
});

export const useOutsideStyles = makeStyles({
  card: { width: "100%", maxWidth: "400px", padding: "32px" },
  form: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL },
  product: { color: tokens.colorBrandForeground1, fontWeight: tokens.fontWeightSemibold },
  heading: { ...typographyStyles.title3, margin: "4px 0 0" },
});

export function Outside({ children }: { children: ReactNode }) {
  const styles = useStyles();
  return (
    <div className={styles.page}>
      <LabBanner />
      <div className={styles.top}>
        <LanguageMenu />
      </div>
      <main className={styles.main}>{children}</main>
    </div>
  );
}
