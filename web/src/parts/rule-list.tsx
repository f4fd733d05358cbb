// Rules of one kind: those there are, a field to add some, a button at each to remove it. Thousands of them are filtered, not shown.
import { Button, Field, Input, makeStyles, tokens } from "@fluentui/react-components";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useChange } from "../api/queries";
import { Refusal } from "./refusal";
import { Data } from "./words";

const most = 100;

const useStyles = makeStyles({
  whole: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalS, maxWidth: "720px" },
  add: { display: "flex", gap: tokens.spacingHorizontalS },
  typed: { flexGrow: 1, minWidth: 0 },
  rules: { listStyleType: "none", margin: 0, padding: 0, maxHeight: "320px", overflowY: "auto", border: `1px solid ${tokens.colorNeutralStroke2}`, borderRadius: tokens.borderRadiusMedium, backgroundColor: tokens.colorNeutralBackground1 },
  rule: { display: "flex", gap: tokens.spacingHorizontalM, alignItems: "center", justifyContent: "space-between", padding: "4px 12px", overflowWrap: "anywhere", ":not(:last-child)": { borderBottom: `1px solid ${tokens.colorNeutralStroke3}` } },
  quiet: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200 },
});

type Kind = NonNullable<Schemas["ScreensChange"]["kind"]>;

interface RuleListProps {
  department: string;
  kind: Kind;
  rules: string[];
  label: string;
  hint: string;
  /** Several may be pasted at once, with blanks or commas between. */
  several?: boolean;
  writes: boolean;
}

export function RuleList({ department, kind, rules, label, hint, several = false, writes }: RuleListProps) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [typed, setTyped] = useState("");
  const [sought, setSought] = useState("");
  const change = useChange((body: { add?: string[]; remove?: string[] }) => call("PATCH", path("departments", department, "screens"), { kind, ...body }));
  const add = (event: FormEvent) => {
    event.preventDefault();
    const patterns = (several ? typed.split(/[\s,;]+/) : [typed.trim()]).filter((each) => each !== "");
    if (patterns.length > 0) change.mutate({ add: patterns }, { onSuccess: () => setTyped("") });
  };
  const found = rules.filter((each) => each.includes(sought.trim().toLowerCase()));
  return (
    <div className={styles.whole}>
      {writes && (
        <form onSubmit={add}>
          <Field label={label} hint={hint}>
            {(field) => (
              <div className={styles.add}>
                <Input {...field} className={styles.typed} value={typed} onChange={(_, data) => setTyped(data.value)} autoComplete="off" dir="auto" />
                <Button type="submit" disabled={change.isPending || typed.trim() === ""} aria-label={t("screen.addTo", { list: label })}>
                  {t("screen.add")}
                </Button>
              </div>
            )}
          </Field>
        </form>
      )}
      <Refusal error={change.error} />
      {rules.length > most && (
        <Field label={t("screen.search")}>
          <Input type="search" value={sought} onChange={(_, data) => setSought(data.value)} dir="auto" />
        </Field>
      )}
      {rules.length === 0 ? (
        <div className={styles.quiet}>{t("screen.none")}</div>
      ) : (
        <ul className={styles.rules} aria-label={label} tabIndex={0}>
          {found.slice(0, most).map((rule) => (
            <li key={rule} className={styles.rule}>
              <Data>{rule}</Data>
              {writes && (
                <Button size="small" appearance="subtle" disabled={change.isPending} aria-label={t("screen.removeOf", { rule })} onClick={() => change.mutate({ remove: [rule] })}>
                  {t("screen.remove")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {found.length > most && <div className={styles.quiet}>{t("screen.more", { count: found.length - most })}</div>}
    </div>
  );
}
