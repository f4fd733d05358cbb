// Accounts, the mailboxes that they open, the identity applications that they sign in through, and departments.
import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { useTranslation } from "react-i18next";
import { useAccounts, useApplications, useDepartments, useMailboxes, useMay } from "../api/queries";
import { call, path } from "../api/client";
import { AddAccount, AddApplication, AddMailbox } from "../parts/add-dialogs";
import { Cause } from "../parts/cause";
import { ChangeMailbox, RemoveMailbox } from "../parts/change-dialogs";
import { ConfirmButton } from "../parts/confirm-button";
import { DataTable } from "../parts/data-table";
import { FormDialog } from "../parts/form-dialog";
import { Fetched, Page, Section } from "../parts/page";
import { accountMood, Data, mailboxMood, State, Time, To } from "../parts/words";

const useStyles = makeStyles({ actions: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalXS } });

export function AccountsPage() {
  const { t } = useTranslation();
  const styles = useStyles();
  const administers = useMay("accounts:write");
  const rules = useMay("system:write");
  const knows = useMay("system:read");
  const accounts = useAccounts();
  const mailboxes = useMailboxes();
  const applications = useApplications();
  const departments = useDepartments();
  return (
    <Page title={t("nav.accounts")}>
      <Section title={t("account.title")} actions={administers && <AddAccount applications={knows ? (applications.data ?? []) : undefined} departments={departments.data ?? []} />}>
        <Fetched query={accounts}>
          {(rows) => (
            <DataTable
              label={t("account.title")}
              empty={t("account.none")}
              rows={rows}
              rowKey={(row) => row.name}
              columns={[
                { head: t("common.name"), cell: (row) => <To to={`/accounts/${encodeURIComponent(row.name)}`}><Data>{row.name}</Data></To> },
                { head: t("account.kind"), cell: (row) => t(`account.kinds.${row.kind}`) },
                { head: t("account.user"), cell: (row) => <Data>{row.user}</Data> },
                { head: t("common.department"), cell: (row) => <Data>{row.department}</Data> },
                { head: t("common.state"), cell: (row) => <State mood={accountMood[row.state]} words={t(`account.state.${row.state}`)} reason={row.state_reason}><Cause causes={row.causes} /></State>, room: "wide" },
              ]}
            />
          )}
        </Fetched>
      </Section>
      <Section title={t("mailbox.title")} actions={administers && <AddMailbox accounts={accounts.data ?? []} />}>
        <Fetched query={mailboxes}>
          {(rows) => (
            <DataTable
              label={t("mailbox.title")}
              empty={t("mailbox.none")}
              rows={rows}
              rowKey={(row) => row.address}
              columns={[
                { head: t("mailbox.address"), cell: (row) => <Data>{row.address}</Data> },
                { head: t("mailbox.account"), cell: (row) => <To to={`/accounts/${encodeURIComponent(row.account)}`}><Data>{row.account}</Data></To> },
                { head: t("mailbox.baseline"), cell: (row) => (Date.parse(row.baseline) === 0 ? t("mailbox.everything") : <Time at={row.baseline} />) },
                { head: t("mailbox.after"), cell: (row) => t(`mailbox.afters.${row.after}`, { folder: row.after_folder }) },
                { head: t("common.state"), cell: (row) => <State mood={mailboxMood[row.state]} words={t(`mailbox.state.${row.state}`)} reason={row.state_reason}><Cause causes={row.causes} /></State>, room: "wide" },
                ...(administers
                  ? [
                      {
                        head: t("exception.actions"),
                        cell: (row: (typeof rows)[number]) => (
                          <div className={styles.actions}>
                            <ChangeMailbox mailbox={row} />
                            <RemoveMailbox mailbox={row} />
                          </div>
                        ),
                      },
                    ]
                  : []),
              ]}
            />
          )}
        </Fetched>
      </Section>
      {knows && (
        <Section title={t("application.title")} actions={rules && <AddApplication />}>
          <Fetched query={applications}>
            {(rows) => (
              <DataTable
                label={t("application.title")}
                empty={t("application.none")}
                rows={rows}
                rowKey={(row) => row.name}
                columns={[
                  { head: t("common.name"), cell: (row) => <Data>{row.name}</Data> },
                  { head: t("application.cloud"), cell: (row) => t(`application.clouds.${row.cloud}`) },
                  { head: t("application.tenant"), cell: (row) => <Data>{row.tenant || "–"}</Data> },
                  { head: t("application.clientId"), cell: (row) => <Data>{row.client_id}</Data>, room: "long" },
                  { head: t("application.secret"), cell: (row) => (row.has_secret ? t("common.yes") : t("common.no")) },
                  { head: t("application.redirectUrl"), cell: (row) => (row.redirect_url ? <Data>{row.redirect_url}</Data> : t("application.noRedirectUrl")), room: "long" },
                  ...(rules
                    ? [
                        {
                          head: t("exception.actions"),
                          cell: (row: (typeof rows)[number]) => (
                            <ConfirmButton label={t("common.remove")} name={t("application.removeOf", { name: row.name })} question={t("application.removeQuestion", { name: row.name })} onConfirm={() => call("DELETE", path("applications", row.name))} />
                          ),
                        },
                      ]
                    : []),
                ]}
              />
            )}
          </Fetched>
        </Section>
      )}
      <Section
        title={t("department.title")}
        actions={
          rules && (
            <FormDialog
              trigger={<Button icon={<AddRegular />}>{t("department.add")}</Button>}
              title={t("department.add")}
              submit={t("common.add")}
              onSubmit={(values) => call("POST", path("departments"), values)}
              fields={[{ name: "name", label: t("common.name"), required: true }]}
            />
          )
        }
      >
        <Fetched query={departments}>
          {(rows) => (
            <DataTable
              label={t("department.title")}
              empty={t("department.none")}
              rows={rows}
              rowKey={(row) => row.name}
              columns={[
                { head: t("common.name"), cell: (row) => <Data>{row.name}</Data> },
                { head: t("common.created"), cell: (row) => <Time at={row.created} /> },
              ]}
            />
          )}
        </Fetched>
      </Section>
    </Page>
  );
}
