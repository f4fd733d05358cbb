// The forms that add an account, a mailbox and an identity application. What is left empty is Microsoft's own, by cloud.
import { Button } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useMay } from "../api/queries";
import { accesses, named, retrievals, useAccessFields, useServerFields, withServers } from "./account-fields";
import { useCredentialFields, withCredential } from "./credentials";
import { FormDialog, type Values } from "./form-dialog";

const clouds = ["worldwide", "gcc-high", "dod", "china", "custom"] as const;
export const afters = ["move", "seen", "leave", "delete"] as const;

/** What a custom provider is asked for, between blanks. */
export const scopesIn = (typed: string | undefined): string[] => (typed ?? "").split(/\s+/).filter((each) => each !== "");

export function AddApplication() {
  const { t } = useTranslation();
  const credential = useCredentialFields(true);
  const custom = (values: Values) => values.cloud === "custom";
  return (
    <FormDialog
      trigger={<Button appearance="primary" icon={<AddRegular />}>{t("application.add")}</Button>}
      title={t("application.add")}
      words={t("application.addHelp")}
      submit={t("common.add")}
      onSubmit={(values) => {
        const { scopes, ...rest } = withCredential(values);
        return call("POST", path("applications"), { ...rest, ...(scopes ? { scopes: scopesIn(scopes) } : {}) });
      }}
      fields={[
        { name: "name", label: t("common.name"), required: true, value: "microsoft" },
        { name: "cloud", label: t("application.cloud"), required: true, options: clouds.map((value) => ({ value, label: t(`application.clouds.${value}`) })) },
        { name: "authority", label: t("application.authority"), required: true, hint: t("application.authorityHint"), when: custom },
        { name: "scopes", label: t("application.scopes"), hint: t("application.scopesHint"), when: custom },
        { name: "tenant", label: t("application.tenant"), hint: t("application.tenantHint"), when: (values) => !custom(values) },
        { name: "client_id", label: t("application.clientId"), required: true },
        ...credential,
      ]}
    />
  );
}

export function AddAccount({ applications, departments }: { applications: Schemas["Application"][] | undefined; departments: Schemas["Department"][] }) {
  const { t } = useTranslation();
  const servers = useServerFields();
  const access = useAccessFields(applications, useMay("system:write") ? accesses : ["delegated"]);
  return (
    <FormDialog
      trigger={
        <Button appearance="primary" icon={<AddRegular />}>
          {t("account.add")}
        </Button>
      }
      title={t("account.add")}
      submit={t("common.add")}
      onSubmit={(values) => call("POST", path("accounts"), withServers(values))}
      fields={[
        { name: "name", label: t("common.name"), required: true },
        { name: "kind", label: t("account.kind"), required: true, options: (["mailbox", "shared"] as const).map((value) => ({ value, label: t(`account.kinds.${value}`) })), hint: t("account.kindHint") },
        { name: "department", label: t("common.department"), required: true, options: named(departments) },
        ...access,
        { name: "retrieval", label: t("account.retrieval"), required: true, options: retrievals.map((value) => ({ value, label: value.toUpperCase() })), hint: t("account.retrievalHint") },
        ...servers,
      ]}
    />
  );
}

export function AddMailbox({ accounts }: { accounts: Schemas["Account"][] }) {
  const { t } = useTranslation();
  return (
    <FormDialog
      trigger={
        <Button appearance="primary" icon={<AddRegular />}>
          {t("mailbox.add")}
        </Button>
      }
      title={t("mailbox.add")}
      submit={t("common.add")}
      onSubmit={({ confirm_deletion, ...values }) => call("POST", path("mailboxes"), { ...values, ...(confirm_deletion && { confirm_deletion: true }) })}
      fields={[
        { name: "address", label: t("mailbox.address"), required: true },
        { name: "account", label: t("mailbox.account"), required: true, options: named(accounts) },
        { name: "display_name", label: t("mailbox.displayName"), hint: t("mailbox.displayNameHint") },
        { name: "folder", label: t("mailbox.folder"), value: "INBOX", hint: t("mailbox.useHint") },
        { name: "baseline", label: t("mailbox.baseline"), value: "now", hint: t("mailbox.baselineHint") },
        { name: "after", label: t("mailbox.after"), required: true, options: afters.map((value) => ({ value, label: t(`mailbox.afters.${value}`, { folder: "…" }) })) },
        { name: "after_folder", label: t("mailbox.afterFolder"), value: "Postroom", when: (values) => values.after === "move" },
        { name: "confirm_deletion", label: t("mailbox.confirmDeletion"), type: "check", when: (values) => values.after === "delete" },
      ]}
    />
  );
}
