// The forms that change an application, an account or a mailbox, and the question before a mailbox is removed. None touches the mail
// server.
import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useApplications, useMay } from "../api/queries";
import { accesses, useAccessFields, useServerFields, useSignInFields, withServers } from "./account-fields";
import { afters, scopesIn } from "./add-dialogs";
import { ConfirmButton } from "./confirm-button";
import { FormDialog, type Values } from "./form-dialog";

const useStyles = makeStyles({ choice: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS, marginTop: tokens.spacingVerticalXS } });

/** What differs from what it was; nothing that is as before is sent. */
function changed(values: Values, before: Record<string, unknown>): Values {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== String(before[name])));
}

export function ChangeMailbox({ mailbox }: { mailbox: Schemas["Mailbox"] }) {
  const { t } = useTranslation();
  return (
    <FormDialog
      trigger={<Button size="small" aria-label={t("mailbox.changeOf", { address: mailbox.address })}>{t("common.change")}</Button>}
      title={t("mailbox.changeOf", { address: mailbox.address })}
      words={t("mailbox.changeHelp")}
      submit={t("common.save")}
      empty
      etag={mailbox.etag}
      onSubmit={async (values, etag) => {
        const { poll, confirm_deletion, ...rest } = changed(values, mailbox);
        const body = { ...rest, ...(poll !== undefined && { poll: Number(poll) }), ...(confirm_deletion && { confirm_deletion: true }) };
        if (Object.keys(body).length > 0) await call("PATCH", path("mailboxes", mailbox.address), body, etag);
      }}
      fields={[
        { name: "display_name", label: t("mailbox.displayName"), hint: t("mailbox.displayNameHint"), value: mailbox.display_name },
        { name: "folder", label: t("mailbox.folder"), hint: t("mailbox.folderHint"), value: mailbox.folder, required: true },
        { name: "after", label: t("mailbox.after"), value: mailbox.after, required: true, options: afters.map((value) => ({ value, label: t(`mailbox.afters.${value}`, { folder: "…" }) })) },
        { name: "after_folder", label: t("mailbox.afterFolder"), value: mailbox.after_folder, when: (values) => values.after === "move" },
        { name: "confirm_deletion", label: t("mailbox.confirmDeletion"), type: "check", when: (values) => values.after === "delete" && mailbox.after !== "delete" },
        { name: "poll", label: t("mailbox.poll"), hint: t("mailbox.pollHint"), type: "number", value: String(mailbox.poll), required: true },
      ]}
    />
  );
}

export function RemoveMailbox({ mailbox }: { mailbox: Schemas["Mailbox"] }) {
  const { t } = useTranslation();
  return <ConfirmButton label={t("common.remove")} name={t("mailbox.removeOf", { address: mailbox.address })} question={t("mailbox.removeQuestion", { address: mailbox.address })} onConfirm={() => call("DELETE", path("mailboxes", mailbox.address), undefined, mailbox.etag)} />;
}

/** Of a mailbox that stopped because its folder was made anew, with more mail than was expected. */
export function DecideOnMail({ mailbox: { address } }: { mailbox: Schemas["Mailbox"] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const decide = (as: "file" | "skip") => () => call("POST", path("mailboxes", address, "resolution"), { as });
  if (!useMay("accounts:write")) return null;
  return (
    <div className={styles.choice}>
      <ConfirmButton label={t("mailbox.file")} name={t("mailbox.fileOf", { address })} question={t("mailbox.fileQuestion")} onConfirm={decide("file")} />
      <ConfirmButton label={t("mailbox.skip")} name={t("mailbox.skipOf", { address })} question={t("mailbox.skipQuestion")} onConfirm={decide("skip")} />
    </div>
  );
}

export function ChangeAccount({ account, onRenamed }: { account: Schemas["Account"]; onRenamed: (name: string) => void }) {
  const { t } = useTranslation();
  const fields = [
    { name: "name", label: t("common.name"), value: account.name, required: true },
    ...useServerFields({ account }),
    ...useSignInFields(account),
    ...(account.access === "password" ? [{ name: "password", label: t("account.password"), type: "password" as const, autoComplete: "new-password", hint: t("account.passwordKept") }] : []),
  ];
  const before = Object.fromEntries(fields.map((field) => [field.name, field.value ?? ""]));
  return (
    <FormDialog
      trigger={<Button>{t("common.change")}</Button>}
      title={t("account.changeOf", { name: account.name })}
      words={t("account.changeHelp")}
      submit={t("common.save")}
      etag={account.etag}
      onSubmit={async (values, etag) => {
        const given = changed(values, before);
        // How TLS begins is sent with the server that it was shown beside.
        const beside = (host: string, tls: string) => (given[host] !== undefined && values[tls] ? { [tls]: values[tls] } : {});
        const body = withServers({ ...given, ...beside(`${account.retrieval}_host`, "retrieval_tls"), ...beside("smtp_host", "submission_tls") });
        if (Object.keys(body).length > 0) await call("PATCH", path("accounts", account.name), body, etag);
        if (given.name !== undefined) onRenamed(given.name);
      }}
      fields={fields}
    />
  );
}

/** Another way to sign in, for the same mailboxes. */
export function ConvertAccount({ account }: { account: Schemas["Account"] }) {
  const { t } = useTranslation();
  const knows = useMay("system:read");
  const applications = useApplications().data;
  const servers = useServerFields({ account, optional: true });
  const rules = useMay("system:write");
  const offered = rules ? accesses.filter((each) => each !== "password" || account.access !== "password") : (["delegated"] as const);
  return (
    <FormDialog
      trigger={<Button>{t("convert.button")}</Button>}
      title={t("convert.title", { name: account.name })}
      words={t("convert.help")}
      submit={t("convert.submit")}
      etag={account.etag}
      onSubmit={(values, etag) => call("POST", path("accounts", account.name, "conversion"), { access: "delegated", ...withServers(values) }, etag)}
      fields={[...useAccessFields(knows ? (applications ?? []) : undefined, offered, account.user), ...servers]}
    />
  );
}

export function ChangeApplication({ application, onRenamed }: { application: Schemas["Application"]; onRenamed: (name: string) => void }) {
  const { t } = useTranslation();
  const custom = application.cloud === "custom";
  const before = { name: application.name, tenant: application.tenant, authority: application.authority, client_id: application.client_id, scopes: application.scopes.join(" ") };
  return (
    <FormDialog
      trigger={<Button>{t("common.change")}</Button>}
      title={t("application.changeOf", { name: application.name })}
      words={t("application.changeHelp")}
      submit={t("common.save")}
      empty
      etag={application.etag}
      onSubmit={async (values, etag) => {
        const { scopes, ...rest } = changed(values, before);
        const body = scopes === undefined ? rest : { ...rest, scopes: scopesIn(scopes) };
        if (Object.keys(body).length > 0) await call("PATCH", path("applications", application.name), body, etag);
        if (rest.name !== undefined) onRenamed(rest.name);
      }}
      fields={[
        { name: "name", label: t("common.name"), value: before.name, required: true },
        ...(custom
          ? [
              { name: "authority", label: t("application.authority"), value: before.authority, required: true, hint: t("application.authorityHint") },
              { name: "scopes", label: t("application.scopes"), value: before.scopes, hint: t("application.scopesHint") },
            ]
          : [{ name: "tenant", label: t("application.tenant"), value: before.tenant, hint: t("application.tenantHint") }]),
        { name: "client_id", label: t("application.clientId"), value: before.client_id, required: true },
      ]}
    />
  );
}
