// The likeliest cause of a state, with its remedy and whose it is.
import { makeStyles, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { Said } from "./words";

const useStyles = makeStyles({
  cause: { fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200, overflowWrap: "anywhere", paddingTop: "4px" },
  title: { fontWeight: tokens.fontWeightSemibold },
  owner: { color: tokens.colorNeutralForeground3 },
});

export function Cause({ causes }: { causes: Schemas["Cause"][] | undefined }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const first = causes?.[0];
  if (!first) return null;
  return (
    <div className={styles.cause}>
      <div className={styles.title}>
        {t("cause.likely")} <Said>{first.title}</Said>
      </div>
      <div>
        {t("cause.remedy")} <Said>{first.remedy}</Said>
      </div>
      <div className={styles.owner}>
        {t("cause.owner")} {t(`cause.owners.${first.owner}`)}
      </div>
    </div>
  );
}
