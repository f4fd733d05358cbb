// One identity application: what it proves itself with, and everything that has to be entered where it is registered, to be copied.
import { makeStyles, MessageBar, MessageBarBody, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router-dom";
import { call, path, type Schemas } from "../api/client";
import { forget, useAccounts, useApplication, useMay, useRegistration } from "../api/queries";
import { ChangeApplication } from "../parts/change-dialogs";
import { useAccountColumns } from "../parts/columns";
import { ConfirmButton } from "../parts/confirm-button";
import { CopyField, CopyText } from "../parts/copy-field";
import { Credentials } from "../parts/credentials";
import { DataTable } from "../parts/data-table";
import { Facts } from "../parts/facts";
import { Fetched, Page, Section } from "../parts/page";
import { Data, Time, To } from "../parts/words";

const useStyles = makeStyles({
  fields: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL, maxWidth: "760px" },
});

const endpoints = ["authorize", "token", "device_code", "keys"] as const;

function Permissions({ registration, access }: { registration: Schemas["Registration"]; access: "delegated" | "application" }) {
  const { t } = useTranslation();
  const rows = registration.permissions.filter((each) => each.access === access);
  if (rows.length === 0) return null;
  return (
    <Section title={t(`registration.permissions.${access}`)}>
      <div>{t(`registration.permissionsHelp.${access}`)}</div>
      <DataTable
        label={t(`registration.permissions.${access}`)}
        empty=""
        rows={rows}
        rowKey={(row) => row.use + row.name}
        columns={[
          { head: t("registration.use"), cell: (row) => t(`registration.uses.${row.use}`) },
          { head: t("registration.permission"), cell: (row) => <CopyText label={row.name} value={row.name} />, room: "long" },
          ...(registration.provider === "entra"
            ? [
                { head: t("registration.resource"), cell: (row: (typeof rows)[number]) => <Data>{row.resource}</Data> },
                { head: t("registration.resourceId"), cell: (row: (typeof rows)[number]) => <CopyText label={row.resource} value={row.resource_id} />, room: "long" as const },
              ]
            : []),
        ]}
      />
    </Section>
  );
}

function Exchange({ exchange }: { exchange: NonNullable<Schemas["Registration"]["exchange"]> }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <Section title={t("registration.exchange")}>
      <div className={styles.fields}>
        <div>{t("registration.exchangeHelp")}</div>
        {exchange.object_id ? <CopyField label={t("registration.objectId")} value={exchange.object_id} hint={t("registration.objectIdHint")} /> : <div>{t("registration.noObjectId")}</div>}
        <CopyField label={t("registration.script")} value={exchange.script} lines={Math.min(20, exchange.script.split("\n").length + 1)} />
      </div>
    </Section>
  );
}

function Registration({ registration }: { registration: Schemas["Registration"] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const entra = registration.provider === "entra";
  const administers = useMay("system:write");
  return (
    <>
      <Section title={t("registration.title")}>
        <div className={styles.fields}>
          <div>{t(entra ? "registration.help" : "registration.helpOpenId")}</div>
          {registration.redirect_url ? (
            <CopyField label={t("application.redirectUrl")} value={registration.redirect_url} hint={t("registration.redirectHint")} />
          ) : (
            <MessageBar intent="warning" layout="multiline">
              <MessageBarBody>{t("application.noRedirectUrl")} {administers && <To to="/settings">{t("nav.settings")}</To>}</MessageBarBody>
            </MessageBar>
          )}
          <CopyField label={t("application.clientId")} value={registration.client_id} />
          {entra && (
            <Facts
              facts={[
                [t("registration.platform"), t(`registration.platforms.${registration.platform}`)],
                [t("registration.accountTypes"), t(`registration.types.${registration.account_types}`)],
                [t("registration.publicClient"), t(`registration.publicClients.${registration.public_client_flows}`)],
              ]}
            />
          )}
          {registration.admin_consent_url && <CopyField label={t("registration.consent")} value={registration.admin_consent_url} hint={t("registration.consentHint")} />}
        </div>
      </Section>
      <Permissions registration={registration} access="delegated" />
      <Permissions registration={registration} access="application" />
      {registration.exchange && <Exchange exchange={registration.exchange} />}
      <Section title={t("registration.addresses")}>
        <div className={styles.fields}>
          <div>{t("registration.addressesHelp")}</div>
          <CopyField label={t("application.authority")} value={registration.authority} />
          <CopyField label={t("registration.configuration")} value={registration.configuration_url} />
          {endpoints.map((each) => {
            const value = registration.endpoints?.[each];
            return value && <CopyField key={each} label={t(`registration.endpoint.${each}`)} value={value} />;
          })}
        </div>
      </Section>
    </>
  );
}

export function ApplicationPage() {
  const { t } = useTranslation();
  const name = useParams().name ?? "";
  const navigate = useNavigate();
  const rules = useMay("system:write");
  const application = useApplication(name);
  const registration = useRegistration(name);
  const accounts = useAccounts();
  const columns = useAccountColumns();
  const remove = async (etag: string) => {
    await call("DELETE", path("applications", name), undefined, etag);
    forget("applications");
    navigate("/applications");
  };
  return (
    <Page
      title={name}
      actions={
        rules &&
        application.data && (
          <>
            <ChangeApplication application={application.data} onRenamed={(to) => navigate(`/applications/${encodeURIComponent(to)}`, { replace: true })} />
            <ConfirmButton label={t("common.remove")} question={t("application.removeQuestion", { name })} onConfirm={() => remove(application.data.etag)} />
          </>
        )
      }
    >
      <Fetched query={application}>
        {(found) => (
          <>
            <Facts
              facts={[
                [t("application.cloud"), t(`application.clouds.${found.cloud}`)],
                [t("application.tenant"), found.tenant !== "" && <Data>{found.tenant}</Data>],
                [t("application.authority"), found.authority !== "" && <Data>{found.authority}</Data>],
                [t("application.clientId"), <Data>{found.client_id}</Data>],
                [t("application.scopes"), found.scopes.length > 0 && <Data>{found.scopes.join(" ")}</Data>],
                [t("common.created"), <Time at={found.created} />],
              ]}
            />
            <Credentials application={found} rules={rules} />
          </>
        )}
      </Fetched>
      <Fetched query={registration}>{(found) => <Registration registration={found} />}</Fetched>
      <Section title={t("application.accounts")}>
        <Fetched query={accounts}>
          {(rows) => <DataTable label={t("application.accounts")} empty={t("application.noAccounts")} rows={rows.filter((each) => each.application === name)} rowKey={(row) => row.name} columns={[columns.name, columns.access, columns.user, columns.state]} />}
        </Fetched>
      </Section>
    </Page>
  );
}
