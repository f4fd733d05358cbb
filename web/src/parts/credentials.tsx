// What an application proves itself with: two at once, so that one can be replaced without a gap.
import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { Cause } from "./cause";
import { ConfirmButton } from "./confirm-button";
import { DataTable } from "./data-table";
import { FormDialog, type FormField, type Values } from "./form-dialog";
import { Section } from "./page";
import { Data, State, Time, type Mood } from "./words";

const useStyles = makeStyles({ thumbprint: { fontFamily: tokens.fontFamilyMonospace, overflowWrap: "anywhere" } });

type Credential = Schemas["Credential"];

const day = 24 * 3_600_000;
const soon = 30 * day;
const most = 2;

/** What a credential is called where one has to be told from another. */
function useCredentialName() {
  const { t, i18n } = useTranslation();
  return (credential: Credential) =>
    t(`credential.of.${credential.kind}`, { created: new Intl.DateTimeFormat(i18n.language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(credential.created)) });
}

export function useCredentialState() {
  const { t } = useTranslation();
  return (credential: Credential): { mood: Mood; words: string } => {
    const left = credential.ends ? Date.parse(credential.ends) - Date.now() : Infinity;
    if (left <= 0) return { mood: "bad", words: t("credential.state.ended") };
    if (credential.refused) return { mood: "bad", words: t("credential.state.refused") };
    if (left < soon) return { mood: "warn", words: t("credential.state.ending", { count: Math.ceil(left / day) }) };
    return credential.accepted ? { mood: "good", words: t("credential.state.accepted") } : { mood: "busy", words: t("credential.state.unused") };
  };
}

/** The fields of a credential; `optional` where the application may be a public client. */
export function useCredentialFields(optional = false): FormField[] {
  const { t } = useTranslation();
  const kinds = ["secret", "certificate", ...(optional ? ["none"] : [])];
  const of = (kind: string) => (values: Values) => values.kind === kind;
  return [
    { name: "kind", label: t("credential.kind"), required: true, options: kinds.map((value) => ({ value, label: t(`credential.kinds.${value}`) })) },
    { name: "client_secret", label: t("credential.secret"), hint: t("credential.secretHint"), type: "password", required: true, when: of("secret") },
    { name: "ends", label: t("credential.ends"), hint: t("credential.endsHint"), type: "date", when: of("secret") },
    { name: "certificate", label: t("credential.certificate"), hint: t("credential.certificateHint"), type: "pem", required: true, when: of("certificate") },
  ];
}

/** What those fields say, as the API takes it, with the other fields of the form. */
export function withCredential({ kind: _, ends, ...rest }: Values): Values {
  return ends ? { ...rest, ends: `${ends}T00:00:00Z` } : rest;
}

export function Credentials({ application, rules }: { application: Schemas["Application"]; rules: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const nameOf = useCredentialName();
  const stateOf = useCredentialState();
  const fields = useCredentialFields();
  const rows = application.credentials;
  return (
    <Section
      title={t("credential.title")}
      actions={
        rules &&
        rows.length < most && (
          <FormDialog
            trigger={<Button icon={<AddRegular />}>{t("credential.add")}</Button>}
            title={t("credential.add")}
            words={t("credential.replaceHelp")}
            submit={t("common.add")}
            fields={fields}
            onSubmit={(values) => call("POST", path("applications", application.name, "credentials"), withCredential(values))}
          />
        )
      }
    >
      <div>{t("credential.replaceHelp")}</div>
      <DataTable
        label={t("credential.title")}
        empty={t("credential.none")}
        rows={rows}
        rowKey={(row) => row.id}
        columns={[
          {
            head: t("credential.kind"),
            cell: (row) => (
              <>
                <div>{t(`credential.kinds.${row.kind}`)}</div>
                {row.subject && <Data>{row.subject}</Data>}
                {row.thumbprint && <div className={styles.thumbprint}><Data title={t("credential.thumbprint")}>{row.thumbprint}</Data></div>}
              </>
            ),
            room: "long",
          },
          { head: t("common.state"), cell: (row) => <State {...stateOf(row)} reason={row.refusal}><Cause causes={row.causes} /></State>, room: "wide" },
          { head: t("credential.ends"), cell: (row) => <Time at={row.ends} none={t("credential.noEnd")} /> },
          { head: t("credential.accepted"), cell: (row) => <Time at={row.accepted} none={t("common.never")} /> },
          { head: t("common.created"), cell: (row) => <Time at={row.created} /> },
          ...(rules
            ? [
                {
                  head: t("exception.actions"),
                  cell: (row: Credential) => (
                    <ConfirmButton
                      label={t("common.remove")}
                      name={t("credential.removeOf", { name: nameOf(row) })}
                      question={t(rows.length > 1 ? "credential.removeQuestion" : "credential.removeLast", { name: nameOf(row) })}
                      onConfirm={() => call("DELETE", path("applications", application.name, "credentials", row.id))}
                    />
                  ),
                },
              ]
            : []),
        ]}
      />
    </Section>
  );
}
