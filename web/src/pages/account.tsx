// One account: whose token it holds, whether it works, and the sign-in that gives it one.
import { makeStyles, Switch, tokens } from "@fluentui/react-components";
import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router-dom";
import { call, path } from "../api/client";
import { useAccount, useChange, useMay } from "../api/queries";
import { AuthorizeButton } from "../parts/authorize";
import { Cause } from "../parts/cause";
import { ChangeAccount } from "../parts/change-dialogs";
import { ConfirmButton } from "../parts/confirm-button";
import { Fetched, Page, Section } from "../parts/page";
import { Refusal } from "../parts/refusal";
import { accountMood, Data, DataList, State, Time } from "../parts/words";

const useStyles = makeStyles({
  facts: { display: "grid", gridTemplateColumns: "minmax(120px, max-content) minmax(0, 1fr)", gap: "8px 24px", margin: 0, "@media (max-width: 640px)": { gridTemplateColumns: "minmax(0, 1fr)", gap: "2px" } },
  term: { color: tokens.colorNeutralForeground3 },
  fact: { margin: 0, overflowWrap: "anywhere", "@media (max-width: 640px)": { marginBottom: "8px" } },
});

function Facts({ facts }: { facts: [string, ReactNode][] }) {
  const styles = useStyles();
  return (
    <dl className={styles.facts}>
      {facts.map(([term, fact]) => (
        <Fragment key={term}>
          <dt className={styles.term}>{term}</dt>
          <dd className={styles.fact}>{fact}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

export function AccountPage() {
  const { t } = useTranslation();
  const name = useParams().name ?? "";
  const navigate = useNavigate();
  const query = useAccount(name);
  const administers = useMay("accounts:write");
  const transcript = useChange((on: boolean) => call("PUT", path("accounts", name, "transcript"), { on }));
  const remove = async () => {
    await call("DELETE", path("accounts", name));
    navigate("/accounts");
  };
  return (
    <Page
      title={name}
      actions={
        administers && (
          <>
            <AuthorizeButton account={name} />
            {query.data && <ChangeAccount account={query.data} onRenamed={(to) => navigate(`/accounts/${encodeURIComponent(to)}`, { replace: true })} />}
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
                [t("common.state"), <State mood={accountMood[account.state]} words={t(`account.state.${account.state}`)} reason={account.state_reason}><Cause causes={account.causes} /></State>],
                [t("account.since"), <Time at={account.state_since} />],
                [t("account.kind"), t(`account.kinds.${account.kind}`)],
                [t("account.user"), <Data>{account.user}</Data>],
                [t("common.department"), <Data>{account.department}</Data>],
                [t("account.application"), <Data>{account.application}</Data>],
                [t("account.retrievalServer"), <Data>{`${account.retrieval_server} (${account.retrieval.toUpperCase()})`}</Data>],
                [t("account.submissionServer"), <Data>{account.submission_server}</Data>],
                [t("mailbox.title"), <DataList items={account.mailboxes} />],
              ]}
            />
            <Section title={t("grant.title")}>
              {account.grant ? (
                <Facts
                  facts={[
                    [t("grant.userName"), <Data>{account.grant.user_name}</Data>],
                    [t("grant.tenantId"), <Data>{account.grant.tenant_id}</Data>],
                    [t("grant.objectId"), <Data>{account.grant.object_id}</Data>],
                    [t("grant.scopes"), <Data>{account.grant.scopes.join(" ")}</Data>],
                    [t("grant.accepted"), <Time at={account.grant.accepted} />],
                    [t("account.renewed"), <Time at={account.grant.renewed} />],
                    [t("account.tokenEnds"), <Time at={account.grant.access_token_ends} />],
                  ]}
                />
              ) : (
                <div>{t("grant.none")}</div>
              )}
            </Section>
            <Section title={t("transcript.title")}>
              <Switch label={t("transcript.label")} checked={account.transcript} disabled={!administers || transcript.isPending} onChange={(_, data) => transcript.mutate(data.checked)} />
            </Section>
          </>
        )}
      </Fetched>
    </Page>
  );
}
