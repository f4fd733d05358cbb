// The partition's settings, each with what it means.
import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useMay, useSettings } from "../api/queries";
import { DataTable } from "../parts/data-table";
import { FormDialog } from "../parts/form-dialog";
import { Fetched, Page } from "../parts/page";
import { Data, Said } from "../parts/words";

const useStyles = makeStyles({
  meaning: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200 },
  unset: { color: tokens.colorNeutralForeground3 },
});

const policies = ["ask", "resend"] as const;

/** What the pages call a setting, and say of it. A server may be newer than its pages, and know more: then the server's own words. */
function useSettingWords() {
  const { t, i18n } = useTranslation();
  const known = (part: string, name: string) => {
    const key = `setting.${part}.${name.replaceAll("-", "_")}`;
    return i18n.exists(key) ? t(key) : undefined;
  };
  return {
    name: (setting: Schemas["Setting"]) => known("name", setting.name),
    meaning: (setting: Schemas["Setting"]) => known("meaning", setting.name),
    value: (setting: Schemas["Setting"], value: string) => known(`values.${setting.name.replaceAll("-", "_")}`, value),
  };
}

export function SettingsPage() {
  const { t } = useTranslation();
  const styles = useStyles();
  const settings = useSettings();
  const administers = useMay("system:write");
  const words = useSettingWords();
  const shown = (setting: Schemas["Setting"], value: string) => words.value(setting, value) ?? <Data>{value}</Data>;
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
                    <div>{words.name(row) ?? <Data>{row.name}</Data>}</div>
                    <div className={styles.meaning}>{words.meaning(row) ?? <Said>{row.meaning}</Said>}</div>
                  </>
                ),
              },
              { head: t("setting.value"), cell: (row) => (row.value ? shown(row, row.value) : <span className={styles.unset}>{t("setting.unset")}</span>) },
              { head: t("setting.default"), cell: (row) => (row.default ? shown(row, row.default) : "–") },
              ...(administers
                ? [
                    {
                      head: t("exception.actions"),
                      cell: (row: Schemas["Setting"]) => {
                        const name = words.name(row) ?? row.name;
                        return (
                          <FormDialog
                            trigger={<Button size="small" aria-label={t("setting.changeOf", { name })}>{t("common.change")}</Button>}
                            title={name}
                            submit={t("common.save")}
                            empty
                            etag={row.etag}
                            onSubmit={(values, etag) => call("PUT", path("settings", row.name), { value: values.value ?? "" }, etag)}
                            fields={[
                              {
                                name: "value",
                                label: t("setting.value"),
                                value: row.value,
                                hint: words.meaning(row) ?? row.meaning,
                                ...(row.name === "doubt-policy" ? { options: policies.map((value) => ({ value, label: t(`setting.values.doubt_policy.${value}`) })) } : {}),
                              },
                            ]}
                          />
                        );
                      },
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
