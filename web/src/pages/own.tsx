// One's own sign-in: the password, and the access tokens with which programs act in one's name.
import { Badge, Button, makeStyles, MessageBar, MessageBarBody, tokens } from "@fluentui/react-components";
import { AddRegular } from "@fluentui/react-icons/svg/add";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useSession, useTokens } from "../api/queries";
import { scopesOf, shortestPassword } from "../api/rights";
import { ConfirmButton } from "../parts/confirm-button";
import { CopyField } from "../parts/copy-field";
import { DataTable } from "../parts/data-table";
import { chosen, FormDialog } from "../parts/form-dialog";
import { Fetched, Page, Section } from "../parts/page";
import { Data, DataList, Time } from "../parts/words";

const useStyles = makeStyles({
  facts: { display: "flex", flexWrap: "wrap", gap: "4px 16px", color: tokens.colorNeutralForeground2 },
  scopes: { listStyleType: "none", margin: 0, padding: 0 },
  secret: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
});

const lives = ["30", "90", "365", ""] as const;

function AddToken({ session }: { session: Schemas["Session"] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <FormDialog
      trigger={
        <Button appearance="primary" icon={<AddRegular />}>
          {t("token.add")}
        </Button>
      }
      title={t("token.add")}
      words={t("token.addHelp")}
      submit={t("common.add")}
      fields={[
        { name: "name", label: t("common.name"), required: true, hint: t("token.nameHint") },
        { name: "scopes", label: t("token.scopes"), required: true, several: true, options: scopesOf(session).map((value) => ({ value, label: t(`token.scope.${value.replace(":", "_")}`) })) },
        { name: "days", label: t("token.life"), value: "365", options: lives.map((days) => ({ value: days, label: days ? t("token.days", { count: Number(days) }) : t("token.noEnd") })) },
      ]}
      onSubmit={(values) => call<Schemas["MadeToken"]>("POST", path("tokens"), { name: values.name, scopes: chosen(values.scopes), days: values.days ? Number(values.days) : null })}
      done={(made) => (
        <div className={styles.secret}>
          <CopyField label={t("token.secret")} value={made.secret} copy={t("token.copy")} />
          <MessageBar intent="warning" layout="multiline">
            <MessageBarBody>{t("token.once")}</MessageBarBody>
          </MessageBar>
        </div>
      )}
    />
  );
}

function Ends({ token }: { token: Schemas["Token"] }) {
  const { t } = useTranslation();
  if (token.revoked) return <Badge appearance="tint" color="danger">{t("token.removed")}</Badge>;
  if (token.ends && Date.parse(token.ends) < Date.now()) return <Badge appearance="tint" color="danger">{t("token.ended")}</Badge>;
  return <Time at={token.ends} none={t("token.noEnd")} />;
}

export function OwnPage() {
  const { t } = useTranslation();
  const styles = useStyles();
  const session = useSession().data;
  const tokens = useTokens();
  if (!session) return null;
  return (
    <Page title={t("own.title")}>
      <div className={styles.facts}>
        <Data>{session.name}</Data>
        <span>{t(`role.${session.role}`)}</span>
        <span>{session.sees_all ? t("user.allDepartments") : <DataList items={session.departments} />}</span>
      </div>
      <Section
        title={t("own.password")}
        actions={
          <FormDialog
            trigger={<Button>{t("own.changePassword")}</Button>}
            title={t("own.changePassword")}
            words={t("own.passwordHelp")}
            submit={t("own.changePassword")}
            fields={[
              { name: "old", label: t("own.old"), type: "password", autoComplete: "current-password", required: true },
              { name: "new", label: t("welcome.password"), hint: t("welcome.passwordHint", { count: shortestPassword }), type: "password", autoComplete: "new-password", required: true },
              { name: "again", label: t("welcome.again"), type: "password", autoComplete: "new-password", required: true },
            ]}
            check={(values) => (values.new === values.again ? undefined : { field: "again", words: t("welcome.differ") })}
            onSubmit={({ old, new: wanted }) => call("PUT", path("session", "password"), { old, new: wanted })}
          />
        }
      >
        <div>{t("own.passwordWhy")}</div>
      </Section>
      <Section title={t("token.title")} actions={<AddToken session={session} />}>
        <Fetched query={tokens}>
          {(rows) => (
            <DataTable
              label={t("token.title")}
              empty={t("token.none")}
              rows={rows}
              rowKey={(row) => row.id}
              columns={[
                { head: t("common.name"), cell: (row) => <Data>{row.name}</Data> },
                {
                  head: t("token.scopes"),
                  cell: (row) => (
                    <ul className={styles.scopes}>
                      {row.scopes.map((scope) => (
                        <li key={scope}>{t(`token.scope.${scope.replace(":", "_")}`)}</li>
                      ))}
                    </ul>
                  ),
                  room: "wide",
                },
                { head: t("token.lastUsed"), cell: (row) => <Time at={row.last_used} none={t("common.never")} /> },
                { head: t("token.ends"), cell: (row) => <Ends token={row} /> },
                {
                  head: t("exception.actions"),
                  cell: (row) => !row.revoked && <ConfirmButton label={t("common.remove")} name={t("token.removeOf", { name: row.name })} question={t("token.removeQuestion", { name: row.name })} onConfirm={() => call("DELETE", path("tokens", row.id))} />,
                },
              ]}
            />
          )}
        </Fetched>
      </Section>
    </Page>
  );
}
