// An address that is no page.
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
