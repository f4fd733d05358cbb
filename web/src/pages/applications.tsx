// Identity applications: the registrations at identity providers through which accounts sign in.
import { useTranslation } from "react-i18next";
import { useApplications, useMay } from "../api/queries";
import { AddApplication } from "../parts/add-dialogs";
import { useCredentialState } from "../parts/credentials";
import { DataTable } from "../parts/data-table";
import { Fetched, Page } from "../parts/page";
import { Data, State, To } from "../parts/words";

export function ApplicationsPage() {
  const { t } = useTranslation();
  const rules = useMay("system:write");
  const applications = useApplications();
  const stateOf = useCredentialState();
  return (
    <Page title={t("application.title")} actions={rules && <AddApplication />}>
      <Fetched query={applications}>
        {(rows) => (
          <DataTable
            label={t("application.title")}
            empty={t("application.none")}
            rows={rows}
            rowKey={(row) => row.name}
            columns={[
              { head: t("common.name"), cell: (row) => <To to={`/applications/${encodeURIComponent(row.name)}`}><Data>{row.name}</Data></To> },
              { head: t("application.cloud"), cell: (row) => t(`application.clouds.${row.cloud}`) },
              { head: t("application.tenant"), cell: (row) => <Data>{row.tenant || row.authority}</Data>, room: "long" },
              { head: t("application.clientId"), cell: (row) => <Data>{row.client_id}</Data>, room: "long" },
              { head: t("credential.title"), cell: (row) => (row.credentials.length === 0 ? t("credential.none") : row.credentials.map((each) => <State key={each.id} {...stateOf(each)} />)), room: "long" },
            ]}
          />
        )}
      </Fetched>
    </Page>
  );
}
