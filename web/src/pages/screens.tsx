// The screens of a department: which mail is kept from its agents, and by which words it knows that mail could not be delivered.
import { Button, Checkbox, makeStyles, Switch, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useChange, useMay, useScreens } from "../api/queries";
import { DepartmentChoice } from "../parts/department-choice";
import { FormDialog } from "../parts/form-dialog";
import { MailTest } from "../parts/mail-test";
import { Fetched, Page, Section } from "../parts/page";
import { Refusal } from "../parts/refusal";
import { RuleList } from "../parts/rule-list";
import { Data } from "../parts/words";

const useStyles = makeStyles({
  help: { color: tokens.colorNeutralForeground2, maxWidth: "720px" },
  checks: { display: "flex", flexDirection: "column" },
  phrases: { columns: "280px", margin: 0, paddingInlineStart: "20px", color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
});

type Screens = Schemas["Screens"];
const contents = ["program", "double-name", "archive", "locked-archive", "macros", "disk-image"] as const;
const ways = ["hold", "cut", "accept"] as const;
const mebibyte = 1_048_576;

function Contents({ screens, writes }: { screens: Screens; writes: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const change = useChange((body: { add?: string[]; remove?: string[] }) => call("PATCH", path("departments", screens.department, "screens"), { kind: "content", ...body }));
  return (
    <>
      <div role="group" aria-label={t("screen.contents")} className={styles.checks}>
        {contents.map((each) => (
          <Checkbox
            key={each}
            label={t(`screen.content.${each}`)}
            checked={screens.contents.includes(each)}
            disabled={!writes || change.isPending}
            onChange={(_, data) => change.mutate(data.checked === true ? { add: [each] } : { remove: [each] })}
          />
        ))}
      </div>
      <Refusal error={change.error} />
    </>
  );
}

function Largest({ screens, writes }: { screens: Screens; writes: boolean }) {
  const { t } = useTranslation();
  return (
    <>
      <div>
        {screens.largest === null ? (
          t("screen.anySize")
        ) : (
          <>
            {t("screen.above", { size: screens.largest / mebibyte })} {t(`screen.way.${screens.above}`)}
          </>
        )}
      </div>
      {writes && (
        <div>
          <FormDialog
            trigger={<Button aria-label={t("screen.changeSize")}>{t("common.change")}</Button>}
            title={t("screen.size")}
            submit={t("common.save")}
            empty
            etag={screens.etag}
            onSubmit={(values, etag) =>
              call("PATCH", path("departments", screens.department, "screens"), { largest: values.largest ? Math.round(Number(values.largest) * mebibyte) : null, above: values.above }, etag)
            }
            fields={[
              { name: "largest", label: t("screen.largest"), hint: t("screen.largestHelp"), type: "number", value: screens.largest === null ? "" : String(Math.round((screens.largest / mebibyte) * 1000) / 1000) },
              { name: "above", label: t("screen.wayLabel"), value: screens.above, required: true, options: ways.map((value) => ({ value, label: t(`screen.way.${value}`) })) },
            ]}
          />
        </div>
      )}
    </>
  );
}

function DefaultPhrases({ screens, writes }: { screens: Screens; writes: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const change = useChange((on: boolean) => call("PATCH", path("departments", screens.department, "screens"), { default_phrases: on }));
  return (
    <>
      <div>
        <Switch label={t("screen.defaults")} checked={screens.default_phrases} disabled={!writes || change.isPending} onChange={(_, data) => change.mutate(data.checked)} />
      </div>
      <Refusal error={change.error} />
      <details>
        <summary>{t("screen.showDefaults")}</summary>
        <ul className={styles.phrases}>
          {[...screens.defaults.permanent_phrases, ...screens.defaults.temporary_phrases].map((each) => (
            <li key={each}>
              <Data>{each}</Data>
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

function All({ screens }: { screens: Screens }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const writes = useMay("accounts:write");
  const list = { department: screens.department, writes };
  return (
    <>
      <Section title={t("screen.senders")}>
        <RuleList {...list} kind="sender" rules={screens.senders} label={t("screen.sender")} hint={t("screen.senderHelp")} several />
      </Section>
      <Section title={t("screen.files")}>
        <Contents screens={screens} writes={writes} />
        <RuleList {...list} kind="file-name" rules={screens.file_names} label={t("screen.fileName")} hint={t("screen.fileNameHelp")} several />
      </Section>
      <Section title={t("screen.size")}>
        <Largest screens={screens} writes={writes} />
      </Section>
      <Section title={t("screen.phrases")}>
        <div className={styles.help}>{t("screen.phrasesHelp")}</div>
        <DefaultPhrases screens={screens} writes={writes} />
        <RuleList {...list} kind="permanent-phrase" rules={screens.permanent_phrases} label={t("screen.permanent")} hint={t("screen.permanentHelp")} />
        <RuleList {...list} kind="temporary-phrase" rules={screens.temporary_phrases} label={t("screen.temporary")} hint={t("screen.temporaryHelp")} />
      </Section>
      <Section title={t("screen.test")}>
        <div className={styles.help}>{t("screen.testHelp")}</div>
        <MailTest department={screens.department} />
      </Section>
    </>
  );
}

function ScreensOf({ department }: { department: string }) {
  return <Fetched query={useScreens(department)}>{(data) => <All key={data.department} screens={data} />}</Fetched>;
}

export function ScreensPage() {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <Page title={t("screen.title")}>
      <div className={styles.help}>{t("screen.help")}</div>
      <DepartmentChoice place="/screens">{(department) => <ScreensOf department={department} />}</DepartmentChoice>
    </Page>
  );
}
