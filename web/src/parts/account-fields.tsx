// The fields of forms about accounts: by whose right mailboxes are opened, at which servers, and whom these are told that we are.
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { useMay } from "../api/queries";
import type { FormField, Values } from "./form-dialog";

export const retrievals = ["imap", "pop3"] as const;
export const accesses = ["delegated", "application", "password"] as const;
type Access = Schemas["Access"];
type Account = Schemas["Account"];

export const named = (list: { name: string }[]) => list.map((each) => ({ value: each.name, label: each.name }));

/** `offered`: the application's own permissions and passwords are a system administrator's to choose. `applications`: those that there are, where one may know. `user`: of the account that is to be changed. */
export function useAccessFields(applications: Schemas["Application"][] | undefined, offered: readonly Access[], user = ""): FormField[] {
  const { t } = useTranslation();
  const by = (...which: Access[]) => (values: Values) => which.some((each) => each === values.access);
  return [
    { name: "access", label: t("account.access"), required: true, options: offered.map((value) => ({ value, label: t(`account.accesses.${value}`) })), hint: t("account.accessHint"), when: () => offered.length > 1 },
    { name: "application", label: t("account.application"), required: true, ...(applications ? { options: named(applications) } : { hint: t("account.applicationHint") }), when: by("delegated", "application") },
    { name: "user", label: t("account.user"), required: true, hint: t("account.userHint"), value: user, when: by("delegated", "password") },
    { name: "password", label: t("account.password"), type: "password", autoComplete: "new-password", required: true, hint: t("account.passwordHint"), when: by("password") },
  ];
}

interface Servers {
  /** Whose they are; none of one that is to be added. */
  account?: Account;
  /** They may be left empty: then they stay, or are the cloud's own. */
  optional?: boolean;
}

/** Where mail is retrieved and submitted. */
export function useServerFields({ account, optional = account === undefined }: Servers = {}): FormField[] {
  const { t } = useTranslation();
  // Tokens and passwords go to these servers, so only a system administrator may name them.
  const rules = useMay("system:write");
  if (!rules) return [];
  const way = (value: string) => ({ value, label: t(`account.tls.${value}`) });
  const field = (server: string, usual: string) => (optional ? { hint: t(account ? "account.serverKept" : "account.serverHint", { server: usual }) } : { required: true, value: server });
  const given = (name: string) => (values: Values) => !optional || (values[name] ?? "") !== "";
  const protocols = account ? [account.retrieval] : retrievals;
  return [
    ...protocols.map((each) => ({
      name: `${each}_host`,
      label: t("account.retrievalServer"),
      ...field(account?.retrieval_server ?? "", account?.retrieval_server ?? `outlook.office365.com:${each === "imap" ? 993 : 995}`),
      when: (values: Values) => account !== undefined || values.retrieval === each,
    })),
    {
      name: "retrieval_tls",
      label: t("account.retrievalTls"),
      required: true,
      options: ["first", "starttls"].map(way),
      value: account?.retrieval_starttls ? "starttls" : "first",
      when: (values: Values) => protocols.some((each) => (account !== undefined || values.retrieval === each) && given(`${each}_host`)(values)),
    },
    { name: "smtp_host", label: t("account.submissionServer"), ...field(account?.submission_server ?? "", account?.submission_server ?? "smtp.office365.com:587") },
    {
      name: "submission_tls",
      label: t("account.submissionTls"),
      options: [...(optional ? ["usual"] : []), "starttls", "first"].map(way),
      value: optional ? "usual" : account?.submission_implicit_tls ? "first" : "starttls",
      when: given("smtp_host"),
    },
  ];
}

/** Whom the servers are told that we are. */
export function useSignInFields(account: Account): FormField[] {
  const { t } = useTranslation();
  if (account.access === "application") return [];
  const options = (["mailbox", "owner"] as const).map((value) => ({ value, label: t(`account.signInAs.${value}`) }));
  return [
    { name: "retrieve_as", label: t("account.retrieveAs"), required: true, options, value: account.retrieve_as },
    { name: "submit_as", label: t("account.submitAs"), required: true, options, value: account.submit_as, hint: t("account.submitAsHint") },
  ];
}

/** What the server fields say, as the API takes it, with the other fields of the form. */
export function withServers({ retrieval_tls, submission_tls, ...rest }: Values): Record<string, unknown> {
  return {
    ...rest,
    ...(retrieval_tls ? { retrieval_starttls: retrieval_tls === "starttls" } : {}),
    ...(submission_tls && submission_tls !== "usual" ? { submission_implicit_tls: submission_tls === "first" } : {}),
  };
}
