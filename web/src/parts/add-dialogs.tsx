// The forms that add an account, a mailbox and an identity application. What is left empty is Microsoft's own, by cloud.
import { Button } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useMay } from "../api/queries";
import { FormDialog, type Values } from "./form-dialog";

const clouds = ["worldwide", "gcc-high", "dod", "china", "custom"] as const;
const retrievals = ["imap", "pop3"] as const;
export const afters = ["move", "seen", "leave", "delete"] as const;

const named = (list: { name: string }[]) => list.map((each) => ({ value: each.name, label: each.name }));

export function AddApplication() {
  const { t } = useTranslation();
  return (
    <FormDialog
      trigger={<Button icon={<AddRegular />}>{t("application.add")}</Button>}
      title={t("application.add")}
      submit={t("common.add")}
      onSubmit={(values) => call("POST", path("applications"), values)}
      fields={[
        { name: "name", label: t("common.name"), required: true, value: "microsoft" },
        { name: "cloud", label: t("application.cloud"), required: true, options: clouds.map((value) => ({ value, label: t(`application.clouds.${value}`) })) },
        { name: "authority", label: t("application.authority"), required: true, hint: t("application.authorityHint"), when: (values) => values.cloud === "custom" },
        { name: "tenant", label: t("application.tenant"), hint: t("application.tenantHint"), when: (values) => values.cloud !== "custom" },
        { name: "client_id", label: t("application.clientId"), required: true },
        { name: "client_secret", label: t("application.clientSecret"), hint: t("application.clientSecretHint"), type: "password" },
      ]}
    />
  );
}

export function AddAccount({ applications, departments }: { applications: Schemas["Application"][] | undefined; departments: Schemas["Department"][] }) {
  const { t } = useTranslation();
  // Tokens go to these servers, so only a system administrator may name them.
  const rules = useMay("system:write");
  return (
    <FormDialog
      trigger={
        <Button appearance="primary" icon={<AddRegular />}>
          {t("account.add")}
        </Button>
      }
      title={t("account.add")}
      submit={t("common.add")}
      onSubmit={(values) => call("POST", path("accounts"), values)}
      fields={[
        { name: "name", label: t("common.name"), required: true },
        { name: "kind", label: t("account.kind"), required: true, options: (["mailbox", "shared"] as const).map((value) => ({ value, label: t(`account.kinds.${value}`) })), hint: t("account.kindHint") },
        { name: "user", label: t("account.user"), required: true, hint: t("account.userHint") },
        { name: "department", label: t("common.department"), required: true, options: named(departments) },
        { name: "application", label: t("account.application"), required: true, ...(applications ? { options: named(applications) } : { hint: t("account.applicationHint") }) },
        { name: "retrieval", label: t("account.retrieval"), required: true, options: retrievals.map((value) => ({ value, label: value.toUpperCase() })), hint: t("account.retrievalHint") },
        ...retrievals.map((each) => ({
          name: `${each}_host`,
          label: t("account.retrievalServer"),
          hint: t("account.serverHint", { server: `outlook.office365.com:${each === "imap" ? 993 : 995}` }),
          when: (values: Values) => rules && values.retrieval === each,
        })),
        { name: "smtp_host", label: t("account.submissionServer"), hint: t("account.serverHint", { server: "smtp.office365.com:587" }), when: () => rules },
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
      onSubmit={(values) => call("POST", path("mailboxes"), values)}
      fields={[
        { name: "address", label: t("mailbox.address"), required: true },
        { name: "account", label: t("mailbox.account"), required: true, options: named(accounts) },
        { name: "display_name", label: t("mailbox.displayName"), hint: t("mailbox.displayNameHint") },
        { name: "folder", label: t("mailbox.folder"), value: "INBOX" },
        { name: "baseline", label: t("mailbox.baseline"), value: "now", hint: t("mailbox.baselineHint") },
        { name: "after", label: t("mailbox.after"), required: true, options: afters.map((value) => ({ value, label: t(`mailbox.afters.${value}`, { folder: "…" }) })) },
        { name: "after_folder", label: t("mailbox.afterFolder"), value: "Postroom", when: (values) => values.after === "move" },
      ]}
    />
  );
}
