// The list of cases. Filters and page are in the address, so that they survive a reload and can be passed on.
import { Badge, Button, Field, makeStyles, Select, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router-dom";
import { useCases, useDepartments } from "../api/queries";
import { DataTable } from "../parts/data-table";
import { Fetched, Page } from "../parts/page";
import { Queues } from "../parts/queues";
import { Data, Time, To } from "../parts/words";

const useStyles = makeStyles({
  filters: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalL },
  pages: { display: "flex", gap: tokens.spacingHorizontalS },
});

export function CasesPage() {
  const { t } = useTranslation();
  const styles = useStyles();
  const navigate = useNavigate();
  const [search, setSearch] = useSearchParams();
  const asked = search.get("state") ?? "open";
  const state = asked === "open" || asked === "closed" ? asked : "";
  const department = search.get("department") ?? "";
  const after = search.get("after");
  const assigned = search.get("assigned") ?? "";
  const cases = useCases(state, department, after, assigned);
  const departments = useDepartments();

  const filter = (name: string, value: string) => {
    const next = new URLSearchParams(search);
    next.set(name, value);
    next.delete("after");
    setSearch(next);
  };
  const turn = (to: string) => {
    const next = new URLSearchParams(search);
    next.set("after", to);
    setSearch(next);
  };

  return (
    <Page title={t("nav.cases")}>
      <Queues />
      <div className={styles.filters}>
        <Field label={t("common.state")}>
          <Select value={state || "all"} onChange={(_, data) => filter("state", data.value)}>
            <option value="open">{t("case.state.open")}</option>
            <option value="closed">{t("case.state.closed")}</option>
            <option value="all">{t("common.all")}</option>
          </Select>
        </Field>
        <Field label={t("desk.assignedTo")}>
          <Select value={assigned} onChange={(_, data) => filter("assigned", data.value)}>
            <option value="">{t("common.all")}</option>
            <option value="me">{t("desk.me")}</option>
            <option value="nobody">{t("desk.nobody")}</option>
          </Select>
        </Field>
        <Field label={t("common.department")}>
          <Select value={department} onChange={(_, data) => filter("department", data.value)}>
            <option value="">{t("common.all")}</option>
            {departments.data?.map((each) => (
              <option key={each.name} value={each.name}>
                {each.name}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <Fetched query={cases}>
        {(page) => (
          <>
            <DataTable
              label={t("nav.cases")}
              empty={t("case.none")}
              rows={page.items}
              rowKey={(row) => row.number}
              columns={[
                { head: t("case.number"), cell: (row) => row.number },
                { head: t("case.subject"), cell: (row) => <To to={`/cases/${row.number}`}>{row.subject ? <Data>{row.subject}</Data> : t("case.noSubject")}</To> },
                { head: t("case.customer"), cell: (row) => <Data title={row.customer}>{row.customer_name || row.customer}</Data> },
                { head: t("case.mailbox"), cell: (row) => <Data>{row.mailbox}</Data> },
                { head: t("common.state"), cell: (row) => t(`case.state.${row.state}`) },
                { head: t("case.waitingForUs"), cell: (row) => (row.waiting_for_us ? <Badge appearance="tint" color="warning">{t("common.yes")}</Badge> : t("common.no")) },
                { head: t("desk.assignedTo"), cell: (row) => row.assigned !== null && <Data>{row.assigned}</Data> },
                { head: t("case.updated"), cell: (row) => <Time at={row.updated} /> },
              ]}
            />
            <div className={styles.pages}>
              {after !== null && <Button onClick={() => navigate(-1)}>{t("case.newer")}</Button>}
              {page.next !== null && <Button onClick={() => turn(page.next ?? "")}>{t("case.older")}</Button>}
            </div>
          </>
        )}
      </Fetched>
    </Page>
  );
}
