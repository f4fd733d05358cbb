// How mail is sent: what an account's server is given, where answers to a mailbox go, and what a department signs with. Each with the
// defaults, which count where nothing is set.
import { Button, makeStyles } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useAccountSending, useDepartmentSending, useMailboxSending, useMay } from "../api/queries";
import { Facts } from "./facts";
import { FormDialog } from "./form-dialog";
import { Fetched, Section } from "./page";
import { Data, Span } from "./words";

const useStyles = makeStyles({ words: { whiteSpace: "pre-wrap", overflowWrap: "anywhere" } });

const limits = ["messages_a_minute", "recipients_a_day", "connections", "recipients_a_message"] as const;
type Limit = (typeof limits)[number];
const unlimited: readonly Limit[] = ["messages_a_minute", "recipients_a_day"]; // 0 says so

function useLimitWords() {
  const { t, i18n } = useTranslation();
  const format = new Intl.NumberFormat(i18n.language);
  return (limit: Limit, value: number) => (value === 0 && unlimited.includes(limit) ? t("sending.noLimit") : format.format(value));
}

export function AccountSendingOf({ account }: { account: string }) {
  const { t } = useTranslation();
  const writes = useMay("accounts:write");
  const query = useAccountSending(account);
  const words = useLimitWords();
  const it = query.data;
  const shown = (its: Schemas["AccountSending"], limit: Limit): ReactNode =>
    its[limit] === null ? <>{words(limit, its.defaults[limit] ?? 0)} ({t("sending.default")})</> : words(limit, its[limit] ?? 0);
  return (
    <Section
      title={t("sending.title")}
      actions={
        writes &&
        it && (
          <FormDialog
            trigger={<Button size="small">{t("sending.change")}</Button>}
            title={t("sending.change")}
            words={t("sending.help")}
            submit={t("common.save")}
            empty
            etag={it.etag}
            check={(values) => {
              const wrong = limits.find((limit) => values[limit] && !(Number.isInteger(Number(values[limit])) && Number(values[limit]) >= (unlimited.includes(limit) ? 0 : 1)));
              return wrong && { field: wrong, words: t(unlimited.includes(wrong) ? "sending.wholeOrNone" : "sending.whole") };
            }}
            onSubmit={(values, etag) =>
              call("PUT", path("accounts", account, "sending"), {
                ...Object.fromEntries(limits.map((limit) => [limit, values[limit] ? Number(values[limit]) : null])),
                sent_folder: values.sent_folder, append_sent: values.append_sent === "yes",
              }, etag)
            }
            fields={[
              ...limits.map((limit) => ({
                name: limit, label: t(`sending.limit.${limit}`), type: "number" as const, value: it[limit] === null ? "" : String(it[limit]),
                hint: t(unlimited.includes(limit) ? "sending.emptyOrNone" : "sending.empty", { value: words(limit, it.defaults[limit] ?? 0) }),
              })),
              { name: "sent_folder", label: t("sending.sentFolder"), hint: t("sending.sentFolderHint"), value: it.sent_folder },
              { name: "append_sent", label: t("sending.append"), hint: t("sending.appendHint"), type: "check", value: it.append_sent ? "yes" : "" },
            ]}
          />
        )
      }
    >
      <Fetched query={query}>
        {(its) => (
          <Facts
            facts={[
              ...limits.map((limit): [string, ReactNode] => [t(`sending.limit.${limit}`), shown(its, limit)]),
              [t("sending.sentFolder"), its.sent_folder === "" ? t("sending.usualFolder") : <Data>{its.sent_folder}</Data>],
              [t("sending.append"), t(its.append_sent ? "common.yes" : "common.no")],
            ]}
          />
        )}
      </Fetched>
    </Section>
  );
}

export function ReplyToOf({ mailbox }: { mailbox: string }) {
  const { t } = useTranslation();
  const writes = useMay("accounts:write");
  const query = useMailboxSending(mailbox);
  const it = query.data;
  return (
    <Section
      title={t("sending.answers")}
      actions={
        writes &&
        it && (
          <FormDialog
            trigger={<Button size="small">{t("sending.changeAnswers")}</Button>}
            title={t("sending.changeAnswers")}
            submit={t("common.save")}
            empty
            etag={it.etag}
            onSubmit={(values, etag) => call("PUT", path("mailboxes", mailbox, "sending"), { reply_to: (values.reply_to ?? "").trim() }, etag)}
            fields={[{ name: "reply_to", label: t("sending.replyTo"), hint: t("sending.replyToHint"), value: it.reply_to }]}
          />
        )
      }
    >
      <Fetched query={query}>{(its) => <Facts facts={[[t("sending.replyTo"), its.reply_to === "" ? t("sending.toMailbox") : <Data>{its.reply_to}</Data>]]} />}</Fetched>
    </Section>
  );
}

export function SignatureOf({ department }: { department: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const writes = useMay("accounts:write");
  const query = useDepartmentSending(department);
  const it = query.data;
  return (
    <Section
      title={t("sending.signature")}
      actions={
        writes &&
        it && (
          <FormDialog
            trigger={<Button size="small">{t("sending.changeSignature")}</Button>}
            title={t("sending.changeSignature")}
            submit={t("common.save")}
            empty
            etag={it.etag}
            check={(values) => (Number(values.patience) > 0 ? undefined : { field: "patience", words: t("sending.patienceWrong") })}
            onSubmit={({ patience, ...rest }, etag) => call("PUT", path("departments", department, "sending"), { ...rest, patience: Math.round(Number(patience) * 60) }, etag)}
            fields={[
              { name: "signature", label: t("sending.signature"), hint: t("sending.signatureHint"), type: "area", value: it.signature },
              { name: "signature_html", label: t("sending.signatureHtml"), hint: t("sending.signatureHtmlHint"), type: "area", value: it.signature_html },
              { name: "patience", label: t("sending.patience"), hint: t("sending.patienceHint"), type: "number", required: true, value: String(Math.round((it.patience / 60) * 100) / 100) },
            ]}
          />
        )
      }
    >
      <Fetched query={query}>
        {(its) => (
          <Facts
            facts={[
              [t("sending.signature"), its.signature === "" ? t("sending.noSignature") : <div className={styles.words}><Data>{its.signature}</Data></div>],
              [t("sending.signatureHtml"), its.signature_html !== "" && t("sending.characters", { count: its.signature_html.length })],
              [t("sending.patience"), <Span seconds={its.patience * 60} />],
            ]}
          />
        )}
      </Fetched>
    </Section>
  );
}
