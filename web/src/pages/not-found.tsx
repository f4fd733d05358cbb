// An address that is no page, or none for whoever asks.
import { useTranslation } from "react-i18next";
import { Page } from "../parts/page";
import { To } from "../parts/words";

export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <Page title={t("notFound.title")}>
      <p>
        {t("notFound.text")} <To to="/">{t("nav.overview")}</To>
      </p>
    </Page>
  );
}

export function NotYoursPage() {
  const { t } = useTranslation();
  return (
    <Page title={t("notFound.notYours")}>
      <p>
        {t("notFound.notYoursText")} <To to="/">{t("nav.overview")}</To>
      </p>
    </Page>
  );
}
