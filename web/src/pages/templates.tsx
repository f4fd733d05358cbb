// What a department writes with: its signature, and the answers that its agents have at hand.
import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useMay, useTemplates } from "../api/queries";
import { ConfirmButton } from "../parts/confirm-button";
import { DataTable } from "../parts/data-table";
import { DepartmentChoice } from "../parts/department-choice";
import { FormDialog, type FormField } from "../parts/form-dialog";
import { Fetched, Page, Section } from "../parts/page";
import { SignatureOf } from "../parts/sending";
import { Data } from "../parts/words";

const useStyles = makeStyles({
  actions: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalXS },
  words: { whiteSpace: "pre-wrap", overflowWrap: "anywhere", display: "-webkit-box", WebkitLineClamp: "4", WebkitBoxOrient: "vertical", overflow: "hidden" },
});

type Template = Schemas["Template"];
const blanks = ["customer", "name", "number", "subject", "mailbox", "department", "agent", "date"].map((each) => `{{${each}}}`).join(", ");

/** What stands in addresses; the server refuses it otherwise. */
const isName = (name: string) => name.trim() !== "" && !/["<>%/]/.test(name);

function useFields(template?: Template): FormField[] {
  const { t } = useTranslation();
  return [
    { name: "subject", label: t("case.subject"), hint: t("template.subjectHint"), value: template?.subject ?? "" },
    { name: "text", label: t("template.text"), hint: t("template.textHint", { fields: blanks, interpolation: { skipOnVariables: true } }), type: "area", required: true, value: template?.text ?? "" },
    { name: "html", label: t("template.html"), hint: t("template.htmlHint"), type: "area", value: template?.html ?? "" },
  ];
}

function AddTemplate({ department, there }: { department: string; there: Template[] }) {
  const { t } = useTranslation();
  return (
    <FormDialog
      trigger={<Button>{t("template.add")}</Button>}
      title={t("template.add")}
      submit={t("common.add")}
      check={({ name = "" }) =>
        !isName(name) ? { field: "name", words: t("template.nameWrong") } : there.some((each) => each.name === name.trim()) ? { field: "name", words: t("template.nameTaken") } : undefined
      }
      onSubmit={({ name = "", ...words }) => call("PUT", path("departments", department, "templates", name.trim()), words)}
      fields={[{ name: "name", label: t("common.name"), hint: t("template.nameHint"), required: true }, ...useFields()]}
    />
  );
}

function ChangeTemplate({ department, template }: { department: string; template: Template }) {
  const { t } = useTranslation();
  return (
    <FormDialog
      trigger={<Button size="small" aria-label={t("template.changeOf", { name: template.name })}>{t("common.change")}</Button>}
      title={t("template.changeOf", { name: template.name })}
      submit={t("common.save")}
      empty
      etag={template.etag}
      onSubmit={(words, etag) => call("PUT", path("departments", department, "templates", template.name), words, etag)}
      fields={useFields(template)}
    />
  );
}

function Templates({ department }: { department: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const writes = useMay("accounts:write");
  const query = useTemplates(department);
  return (
    <Section title={t("template.title")} actions={writes && query.data && <AddTemplate department={department} there={query.data} />}>
      <Fetched query={query}>
        {(rows) => (
          <DataTable
            label={t("template.title")}
            empty={t("template.none")}
            rows={rows}
            rowKey={(row) => row.name}
            columns={[
              { head: t("common.name"), cell: (row) => <Data>{row.name}</Data>, room: "long" },
              { head: t("case.subject"), cell: (row) => <Data>{row.subject || "–"}</Data> },
              { head: t("template.text"), cell: (row) => <div className={styles.words}><Data>{row.text}</Data></div>, room: "wide" },
              {
                head: t("exception.actions"),
                cell: (row) =>
                  writes && (
                    <div className={styles.actions}>
                      <ChangeTemplate department={department} template={row} />
                      <ConfirmButton label={t("common.remove")} name={t("template.removeOf", { name: row.name })} question={t("template.removeQuestion", { name: row.name })} onConfirm={() => call("DELETE", path("departments", department, "templates", row.name))} />
                    </div>
                  ),
              },
            ]}
          />
        )}
      </Fetched>
    </Section>
  );
}

export function TemplatesPage() {
  const { t } = useTranslation();
  return (
    <Page title={t("nav.templates")}>
      <DepartmentChoice place="/templates">
        {(department) => (
          <>
            <SignatureOf key={`signature ${department}`} department={department} />
            <Templates key={department} department={department} />
          </>
        )}
      </DepartmentChoice>
    </Page>
  );
}
