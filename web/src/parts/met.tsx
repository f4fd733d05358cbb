// The screen that a mail met, and its rule as people read it.
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { Data, Size } from "./words";

type Screen = Exclude<Schemas["Exception"]["screen"], "">;
type Content = Schemas["FileContent"];

export function Met({ screen, rule }: { screen: Screen; rule: string }) {
  const { t } = useTranslation();
  return (
    <div>
      {t(`screen.met.${screen}`)} {screen === "content" ? t(`screen.content.${rule as Content}`) : screen === "size" ? <Size bytes={Number(rule)} /> : <Data>{rule}</Data>}
    </div>
  );
}
