// The forms that change an account or a mailbox, and the question before a mailbox is removed. None touches the mail server.
import { Button } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useMay } from "../api/queries";
import { afters } from "./add-dialogs";
import { ConfirmButton } from "./confirm-button";
import { FormDialog, type Values } from "./form-dialog";

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
        const { poll, ...rest } = changed(values, mailbox);
        const body = poll === undefined ? rest : { ...rest, poll: Number(poll) };
        if (Object.keys(body).length > 0) await call("PATCH", path("mailboxes", mailbox.address), body, etag);
      }}
      fields={[
        { name: "display_name", label: t("mailbox.displayName"), hint: t("mailbox.displayNameHint"), value: mailbox.display_name },
        { name: "folder", label: t("mailbox.folder"), hint: t("mailbox.folderHint"), value: mailbox.folder, required: true },
        { name: "after", label: t("mailbox.after"), value: mailbox.after, required: true, options: afters.map((value) => ({ value, label: t(`mailbox.afters.${value}`, { folder: "…" }) })) },
        { name: "after_folder", label: t("mailbox.afterFolder"), value: mailbox.after_folder, when: (values) => values.after === "move" },
        { name: "poll", label: t("mailbox.poll"), hint: t("mailbox.pollHint"), type: "number", value: String(mailbox.poll), required: true },
      ]}
    />
  );
}

export function RemoveMailbox({ mailbox }: { mailbox: Schemas["Mailbox"] }) {
  const { t } = useTranslation();
  return <ConfirmButton label={t("common.remove")} name={t("mailbox.removeOf", { address: mailbox.address })} question={t("mailbox.removeQuestion", { address: mailbox.address })} onConfirm={() => call("DELETE", path("mailboxes", mailbox.address), undefined, mailbox.etag)} />;
}

export function ChangeAccount({ account, onRenamed }: { account: Schemas["Account"]; onRenamed: (name: string) => void }) {
  const { t } = useTranslation();
  const retrievalHost = `${account.retrieval}_host`;
  const before = { name: account.name, [retrievalHost]: account.retrieval_server, smtp_host: account.submission_server };
  // Tokens go to these servers, so only a system administrator may name them.
  const rules = useMay("system:write");
  return (
    <FormDialog
      trigger={<Button>{t("common.change")}</Button>}
      title={t("account.changeOf", { name: account.name })}
      words={t("account.changeHelp")}
      submit={t("common.save")}
      etag={account.etag}
      onSubmit={async (values, etag) => {
        const body = changed(values, before);
        if (Object.keys(body).length > 0) await call("PATCH", path("accounts", account.name), body, etag);
        if (body.name !== undefined) onRenamed(body.name);
      }}
      fields={[
        { name: "name", label: t("common.name"), value: before.name, required: true },
        { name: retrievalHost, label: t("account.retrievalServer"), value: account.retrieval_server, required: true, when: () => rules },
        { name: "smtp_host", label: t("account.submissionServer"), value: before.smtp_host, required: true, when: () => rules },
      ]}
    />
  );
}
