// What a mailbox sends by itself where a mail opens a case.
import { Button, makeStyles } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { call, path } from "../api/client";
import { useAcknowledgement, useMay } from "../api/queries";
import { Facts } from "./facts";
import { FormDialog } from "./form-dialog";
import { Fetched, Section } from "./page";
import { Data, Time } from "./words";

const useStyles = makeStyles({ words: { whiteSpace: "pre-wrap" } });

export function AcknowledgementOf({ mailbox }: { mailbox: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const writes = useMay("accounts:write");
  const query = useAcknowledgement(mailbox);
  const it = query.data;
  return (
    <Section
      title={t("acknowledgement.title")}
      actions={
        writes &&
        it && (
          <FormDialog
            trigger={<Button size="small">{t("acknowledgement.change")}</Button>}
            title={t("acknowledgement.change")}
            words={t("acknowledgement.help")}
            submit={t("common.save")}
            empty
            etag={it.etag}
            onSubmit={({ active, ...rest }, etag) => call("PUT", path("mailboxes", mailbox, "acknowledgement"), { active: active === "yes", ...rest }, etag)}
            fields={[
              { name: "active", label: t("acknowledgement.active"), type: "check", value: it.active ? "yes" : "" },
              { name: "subject", label: t("case.subject"), hint: t("acknowledgement.subjectHint"), value: it.subject },
              { name: "text", label: t("acknowledgement.text"), hint: t("acknowledgement.textHint", { fields: "{{number}}, {{subject}}, {{customer}}, {{mailbox}}", interpolation: { skipOnVariables: true } }), type: "area", value: it.text || it.default_text },
            ]}
          />
        )
      }
    >
      <Fetched query={query}>
        {(shown) => (
          <Facts
            facts={[
              [t("acknowledgement.active"), t(shown.active ? "common.yes" : "common.no")],
              [t("acknowledgement.since"), shown.since !== null && <Time at={shown.since} />],
              [t("case.subject"), shown.active && shown.subject !== "" && <Data>{shown.subject}</Data>],
              [
                t("acknowledgement.text"),
                shown.active && (
                  <div className={styles.words}>
                    <Data>{shown.text || shown.default_text}</Data>
                  </div>
                ),
              ],
            ]}
          />
        )}
      </Fetched>
    </Section>
  );
}
