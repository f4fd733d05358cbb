// Which department a page is about, for pages that have one for each.
import { Field, makeStyles, Select } from "@fluentui/react-components";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router-dom";
import { useDepartments } from "../api/queries";
import { Fetched } from "./page";

const useStyles = makeStyles({ choice: { maxWidth: "360px" } });

/** `place`: "/screens", of which each department's page is "/screens/…"; the first one's is shown where none is named. */
export function DepartmentChoice({ place, children }: { place: string; children: (department: string) => ReactNode }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const navigate = useNavigate();
  const departments = useDepartments();
  const name = useParams().department ?? departments.data?.[0]?.name ?? "";
  return (
    <Fetched query={departments}>
      {(rows) =>
        rows.length === 0 ? (
          t("department.none")
        ) : (
          <>
            <Field className={styles.choice} label={t("common.department")}>
              <Select value={name} onChange={(_, data) => navigate(`${place}/${encodeURIComponent(data.value)}`)}>
                {rows.map((each) => (
                  <option key={each.name} value={each.name}>
                    {each.name}
                  </option>
                ))}
              </Select>
            </Field>
            {children(name)}
          </>
        )
      }
    </Fetched>
  );
}
