// The partition's settings, each with what it means.
import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { call, path } from "../api/client";
import { useSettings } from "../api/queries";
import { DataTable } from "../parts/data-table";
import { FormDialog } from "../parts/form-dialog";
import { Fetched, Page } from "../parts/page";
import { useMayAdminister } from "../shell/role";

const useStyles = makeStyles({
  meaning: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200 },
  unset: { color: tokens.colorNeutralForeground3 },
});

export function SettingsPage() {
  const { t, i18n } = useTranslation();
  const styles = useStyles();
  const settings = useSettings();
  const administers = useMayAdminister();
  // The server's names are words apart by _ or -; those known here have a name in the reader's language.
  const title = (name: string) => {
    const key = `setting.name.${name.replaceAll("-", "_")}`;
    return i18n.exists(key) ? t(key) : name;
  };
  return (
    <Page title={t("nav.settings")}>
      <Fetched query={settings}>
        {(rows) => (
          <DataTable
            label={t("nav.settings")}
            empty={t("setting.none")}
            rows={rows}
            rowKey={(row) => row.name}
            columns={[
              {
                head: t("common.name"),
                cell: (row) => (
                  <>
                    <div>{title(row.name)}</div>
                    <div className={styles.meaning} dir="auto">
                      {row.meaning}
                    </div>
                  </>
                ),
              },
              { head: t("setting.value"), cell: (row) => (row.value ? <bdi>{row.value}</bdi> : <span className={styles.unset}>{t("setting.unset")}</span>) },
              { head: t("setting.default"), cell: (row) => (row.default ? <bdi>{row.default}</bdi> : "–") },
              ...(administers
                ? [
                    {
                      head: t("setting.change"),
                      cell: (row: (typeof rows)[number]) => (
                        <FormDialog
                          trigger={<Button size="small" aria-label={`${t("setting.change")}: ${title(row.name)}`}>{t("setting.change")}</Button>}
                          title={title(row.name)}
                          submit={t("common.save")}
                          onSubmit={(values) => call("PUT", path("settings", row.name), { value: values.value ?? "" })}
                          fields={[{ name: "value", label: t("setting.value"), value: row.value, hint: row.meaning }]}
                        />
                      ),
                    },
                  ]
                : []),
            ]}
          />
        )}
      </Fetched>
    </Page>
  );
}
