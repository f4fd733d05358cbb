// Accounts, the mailboxes that they open, and departments.
import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { useTranslation } from "react-i18next";
import { useAccounts, useApplications, useDepartments, useMailboxes, useMay } from "../api/queries";
import { call, path } from "../api/client";
import { AddAccount, AddMailbox } from "../parts/add-dialogs";
import { ChangeMailbox, RemoveMailbox } from "../parts/change-dialogs";
import { useAccountColumns, useMailboxColumns } from "../parts/columns";
import { DataTable } from "../parts/data-table";
import { FormDialog } from "../parts/form-dialog";
import { Fetched, Page, Section } from "../parts/page";
import { Data, Time } from "../parts/words";

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
  const ofAccount = useAccountColumns();
  const ofMailbox = useMailboxColumns();
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
              columns={[ofAccount.name, ofAccount.kind, ofAccount.access, ofAccount.user, ofAccount.department, ofAccount.state]}
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
                ofMailbox.address,
                ofMailbox.account,
                ofMailbox.baseline,
                ofMailbox.after,
                ofMailbox.state,
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
