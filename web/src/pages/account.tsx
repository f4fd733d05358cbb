// One account: by whose right it opens its mailboxes, whether that works, what each mailbox allows, and the ways to a new grant.
import { makeStyles, Switch, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router-dom";
import { call, path, type Schemas } from "../api/client";
import { forget, useAccount, useAuthorizations, useChange, useMay } from "../api/queries";
import { AccountState } from "../parts/account-state";
import { AuthorizationState } from "../parts/authorization-state";
import { AuthorizeButton } from "../parts/authorize";
import { Cause } from "../parts/cause";
import { ChangeAccount, ConvertAccount } from "../parts/change-dialogs";
import { ConfirmButton } from "../parts/confirm-button";
import { DataTable } from "../parts/data-table";
import { Facts } from "../parts/facts";
import { Fetched, Page, Section } from "../parts/page";
import { Refusal } from "../parts/refusal";
import { RightsOf } from "../parts/rights";
import { AccountSendingOf } from "../parts/sending";
import { Data, DataList, State, Time, To } from "../parts/words";

const useStyles = makeStyles({ scopes: { listStyleType: "none", margin: 0, padding: 0, fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 } });

/** A server, the protocol, how TLS begins there, and whom it is told that we are. */
function Server({ at, protocol, starttls, as }: { at: string; protocol: string; starttls: boolean; as: Schemas["SignInAs"] }) {
  const { t } = useTranslation();
  const tls = starttls ? "starttls" : "first";
  return (
    <>
      <Data>{at}</Data> ({protocol}, {t(`account.tls.${tls}`)})
      <br />
      {t("account.signsInAs")} {t(`account.signInAs.${as}`)}
    </>
  );
}

function Grant({ grant, account }: { grant: NonNullable<Schemas["Account"]["grant"]>; account: Schemas["Account"] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  // The state has said it, and what it means.
  const said = grant.trouble === account.state_reason;
  return (
    <Facts
      facts={[
        [
          t("grant.trouble"),
          grant.trouble !== "" && (
            <State mood="bad" words={grant.refusals > 0 ? t("grant.refusals", { count: grant.refusals }) : t("grant.failures", { count: grant.failures })} reason={said ? "" : grant.trouble}>
              {!said && <Cause causes={grant.causes} />}
            </State>
          ),
        ],
        [t("grant.nextTry"), grant.next_try !== null && <Time at={grant.next_try} />],
        [t("grant.asked"), grant.asked !== null && <Time at={grant.asked} />],
        [t("grant.userName"), grant.user_name !== "" && <Data>{grant.user_name}</Data>],
        [t("grant.tenantId"), grant.tenant_id !== "" && <Data>{grant.tenant_id}</Data>],
        [t(account.access === "application" ? "grant.enterpriseId" : "grant.objectId"), grant.object_id !== "" && <Data>{grant.object_id}</Data>],
        [
          t("grant.scopes"),
          grant.scopes.length > 0 && (
            <ul className={styles.scopes}>
              {grant.scopes.map((each) => (
                <li key={each}>
                  <Data>{each}</Data>
                </li>
              ))}
            </ul>
          ),
        ],
        [t("grant.accepted"), <Time at={grant.accepted} />],
        [t("account.renewed"), <Time at={grant.renewed} />],
        [t("account.tokenEnds"), <Time at={grant.access_token_ends} />],
      ]}
    />
  );
}

/** Who sought a grant lately, how, and what came of it. */
function Authorizations({ account }: { account: string }) {
  const { t } = useTranslation();
  const authorizations = useAuthorizations(account);
  return (
    <Section title={t("authorize.lately")}>
      <Fetched query={authorizations}>
        {(rows) => (
          <DataTable
            label={t("authorize.lately")}
            empty={t("authorize.none")}
            rows={rows}
            rowKey={(row) => row.id}
            columns={[
              { head: t("authorize.by"), cell: (row) => <Data>{row.by}</Data> },
              { head: t("authorize.begun"), cell: (row) => <Time at={row.begun} /> },
              { head: t("authorize.how"), cell: (row) => t(`authorize.flowShort.${row.flow}`) },
              { head: t("common.state"), cell: (row) => <AuthorizationState authorization={row} />, room: "wide" },
            ]}
          />
        )}
      </Fetched>
    </Section>
  );
}

export function AccountPage() {
  const { t } = useTranslation();
  const name = useParams().name ?? "";
  const navigate = useNavigate();
  const query = useAccount(name);
  const administers = useMay("accounts:write");
  const knows = useMay("system:read");
  const tries = useMay("system:write");
  // Then there is no user.
  const own = query.data?.access === "application";
  const transcript = useChange((on: boolean) => call("PUT", path("accounts", name, "transcript"), { on }));
  const remove = async () => {
    await call("DELETE", path("accounts", name), undefined, query.data?.etag);
    forget("accounts");
    navigate("/accounts");
  };
  return (
    <Page
      title={name}
      actions={
        administers &&
        query.data && (
          <>
            {query.data.access !== "password" && <AuthorizeButton account={query.data} />}
            {tries && query.data.access !== "password" && <To to={`/connections?account=${encodeURIComponent(name)}`}>{t("connection.withAccount")}</To>}
            <ChangeAccount account={query.data} onRenamed={(to) => navigate(`/accounts/${encodeURIComponent(to)}`, { replace: true })} />
            <ConvertAccount account={query.data} />
            <ConfirmButton label={t("common.remove")} question={t("account.removeQuestion", { name })} onConfirm={remove} />
          </>
        )
      }
    >
      <Refusal error={transcript.error} />
      <Fetched query={query}>
        {(account) => (
          <>
            <Facts
              facts={[
                [t("common.state"), <AccountState account={account} />],
                [t("account.since"), <Time at={account.state_since} />],
                [t("account.kind"), t(`account.kinds.${account.kind}`)],
                [t("account.access"), t(`account.accesses.${account.access}`)],
                [t("account.user"), account.user !== "" && <Data>{account.user}</Data>],
                [t("common.department"), <Data>{account.department}</Data>],
                [t("account.application"), account.application !== null && (knows ? <To to={`/applications/${encodeURIComponent(account.application)}`}><Data>{account.application}</Data></To> : <Data>{account.application}</Data>)],
                [t("account.retrievalServer"), <Server at={account.retrieval_server} protocol={account.retrieval.toUpperCase()} starttls={account.retrieval_starttls} as={own ? "mailbox" : account.retrieve_as} />],
                [t("account.submissionServer"), <Server at={account.submission_server} protocol="SMTP" starttls={!account.submission_implicit_tls} as={own ? "mailbox" : account.submit_as} />],
                [t("mailbox.title"), <DataList items={account.mailboxes} />],
              ]}
            />
            {account.access !== "password" && <Section title={t("grant.title")}>{account.grant ? <Grant grant={account.grant} account={account} /> : <div>{t("grant.none")}</div>}</Section>}
            <RightsOf account={name} />
            {account.access !== "password" && <Authorizations account={name} />}
            <AccountSendingOf account={name} />
            <Section title={t("transcript.title")}>
              <Switch label={t("transcript.label")} checked={account.transcript} disabled={!administers || transcript.isPending} onChange={(_, data) => transcript.mutate(data.checked)} />
            </Section>
          </>
        )}
      </Fetched>
    </Page>
  );
}
