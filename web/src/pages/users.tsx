// Who may sign in: people are invited by a link that works once, which is shown to be passed on, since Postroom doesn't know how.
import { Button, makeStyles, MessageBar, MessageBarBody, tokens } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useDepartments, useMay, useSession, useUsers } from "../api/queries";
import { roles } from "../api/rights";
import { ConfirmButton } from "../parts/confirm-button";
import { CopyField } from "../parts/copy-field";
import { DataTable } from "../parts/data-table";
import { chosen, FormDialog, type Values } from "../parts/form-dialog";
import { Fetched, Page } from "../parts/page";
import { Data, DataList, State, Time } from "../parts/words";

const useStyles = makeStyles({
  actions: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalXS },
  link: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
});

function LinkOnce({ link, user }: { link: Schemas["Link"]; user: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <div className={styles.link}>
      <div>{t("user.linkHelp", { name: user })}</div>
      <CopyField label={t("user.link")} value={link.url} copy={t("authorize.copy")} />
      <div>
        {t("user.linkEnds")} <Time at={link.ends} />
      </div>
      <MessageBar intent="warning" layout="multiline">
        <MessageBarBody>{t("user.linkOnce")}</MessageBarBody>
      </MessageBar>
    </div>
  );
}

/** A system administrator is one of all departments. */
const rolePart = (values: Values) => ({ role: values.role, ...(values.role === "system-administrator" ? {} : { departments: chosen(values.departments) }) });

const linkOf = (name: string) => call<Schemas["Link"]>("POST", path("users", name, "link"));

/** The fields of a role and the departments that go with it. */
function useRoleFields(user?: Schemas["User"]) {
  const { t } = useTranslation();
  const departments = useDepartments().data ?? [];
  return [
    { name: "role", label: t("user.role"), required: true, value: user?.role ?? "agent", options: roles.map((value) => ({ value, label: t(`role.${value}`) })) },
    {
      name: "departments",
      label: t("user.departments"),
      hint: t("user.departmentsHint"),
      several: true,
      value: user ? user.departments.join("\n") : departments.length === 1 ? (departments[0]?.name ?? "") : "",
      options: departments.map((each) => ({ value: each.name, label: each.name })),
      when: (values: Values) => values.role !== "system-administrator",
    },
  ];
}

function AddUser() {
  const { t } = useTranslation();
  const fields = useRoleFields();
  // A form stays as it was opened: the department that is chosen in it must be known by then.
  const early = useDepartments().isPending;
  return (
    <FormDialog
      trigger={
        <Button appearance="primary" icon={<AddRegular />} disabled={early}>
          {t("user.add")}
        </Button>
      }
      title={t("user.add")}
      submit={t("user.invite")}
      fields={[{ name: "name", label: t("signIn.name"), required: true }, ...fields]}
      onSubmit={async (values) => {
        const user = await call<Schemas["User"]>("POST", path("users"), { name: values.name, ...rolePart(values) });
        return { user, link: await linkOf(user.name) };
      }}
      done={({ user, link }) => <LinkOnce user={user.name} link={link} />}
    />
  );
}

function Actions({ user, own }: { user: Schemas["User"]; own: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { name } = user;
  const fields = useRoleFields(user);
  return (
    <div className={styles.actions}>
      <FormDialog
        trigger={<Button size="small" aria-label={t("user.changeOf", { name })}>{t("common.change")}</Button>}
        title={t("user.changeOf", { name })}
        submit={t("common.save")}
        fields={fields}
        etag={user.etag}
        onSubmit={(values, etag) => call("PATCH", path("users", name), rolePart(values), etag)}
      />
      <FormDialog
        trigger={<Button size="small" aria-label={t("user.newLinkFor", { name })}>{t("user.newLink")}</Button>}
        title={t("user.newLinkFor", { name })}
        words={t("user.newLinkHelp")}
        submit={t("user.newLink")}
        fields={[]}
        onSubmit={() => linkOf(name)}
        done={(link) => <LinkOnce user={name} link={link} />}
      />
      <ConfirmButton label={t("user.signOut")} name={t("user.signOutOf", { name })} question={t("user.signOutQuestion", { name })} onConfirm={() => call("DELETE", path("users", name, "sessions"))} />
      {!own && <ConfirmButton label={t("common.remove")} name={t("user.removeOf", { name })} question={t("user.removeQuestion", { name })} onConfirm={() => call("DELETE", path("users", name), undefined, user.etag)} />}
    </div>
  );
}

export function UsersPage() {
  const { t } = useTranslation();
  const users = useUsers();
  const rules = useMay("system:write");
  const own = useSession().data?.name;
  return (
    <Page title={t("nav.users")} actions={rules && <AddUser />}>
      <Fetched query={users}>
        {(rows) => (
          <DataTable
            label={t("nav.users")}
            empty={t("user.none")}
            rows={rows}
            rowKey={(row) => row.name}
            columns={[
              { head: t("common.name"), cell: (row) => <Data>{row.name}</Data> },
              { head: t("user.role"), cell: (row) => t(`role.${row.role}`) },
              { head: t("user.departments"), cell: (row) => (row.departments.length > 0 ? <DataList items={row.departments} /> : t(row.role === "agent" || row.role === "department-administrator" ? "user.noDepartments" : "user.allDepartments")) },
              {
                head: t("common.state"),
                cell: (row) =>
                  row.link_ends && !row.has_password ? (
                    <State mood="busy" words={t("user.invited")}>
                      {t("user.linkEnds")} <Time at={row.link_ends} />
                    </State>
                  ) : row.has_password ? (
                    <State mood="good" words={t("user.active")} />
                  ) : (
                    <State mood="warn" words={t("user.noWayIn")} />
                  ),
              },
              { head: t("common.created"), cell: (row) => <Time at={row.created} /> },
              ...(rules ? [{ head: t("exception.actions"), cell: (row: Schemas["User"]) => <Actions user={row} own={row.name === own} />, room: "wide" as const }] : []),
            ]}
          />
        )}
      </Fetched>
    </Page>
  );
}
