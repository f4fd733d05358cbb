// What became of a mail that was sent, and the decision that only a person takes: whether one in doubt arrived.
import { Button, makeStyles, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useChange, useMay } from "../api/queries";
import { Cause } from "./cause";
import { ConfirmButton } from "./confirm-button";
import { Refusal } from "./refusal";
import { outboundMood, State, Time } from "./words";

const useStyles = makeStyles({ choice: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS, marginTop: tokens.spacingVerticalXS } });

export function OutboundStateOf({ outbound }: { outbound: Schemas["Outbound"] }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const resolve = useChange((as: "sent" | "resend") => call("POST", path("outbound", outbound.id, "resolution"), { as }));
  const cancel = useChange((_: void) => call("POST", path("outbound", outbound.id, "cancellation"), {}));
  const again = () => call("POST", path("outbound", outbound.id, "resolution"), { as: "resend" });
  const writes = useMay("cases:write");
  return (
    <State mood={outboundMood[outbound.state]} words={t(`outbound.state.${outbound.state}`)} reason={outbound.reason}>
      <Cause causes={outbound.causes} />
      {outbound.state === "queued" && outbound.next_try && outbound.tries > 0 && (
        <div>
          {t("outbound.nextTry")} <Time at={outbound.next_try} />
        </div>
      )}
      {outbound.state === "queued" && outbound.next_try && outbound.tries === 0 && outbound.attempt === 0 && (
        <div>
          {t("outbound.goesOut")} <Time at={outbound.next_try} />
        </div>
      )}
      {writes && outbound.state === "queued" && (
        <div className={styles.choice}>
          <Button size="small" disabled={cancel.isPending} onClick={() => cancel.mutate(undefined)}>
            {t("outbound.cancel")}
          </Button>
        </div>
      )}
      {outbound.outcomes.map((each) => (
        <div key={each.address}>
          <bdi>{each.address}</bdi>: {t(`outbound.outcome.${each.state}`)} {each.meaning !== "unknown" && each.state !== "delivered" && t(`reading.report.why.${each.meaning}`)} <span dir="auto">{each.words}</span>
        </div>
      ))}
      {outbound.state === "in-doubt" && <div>{t("outbound.inDoubtHelp")}</div>}
      {writes && outbound.state === "in-doubt" && (
        <div className={styles.choice}>
          <Button size="small" disabled={resolve.isPending} onClick={() => resolve.mutate("sent")}>
            {t("outbound.itWasSent")}
          </Button>
          <ConfirmButton label={t("outbound.sendAgain")} question={t("outbound.sendAgainQuestion")} onConfirm={again} />
        </div>
      )}
      {writes && outbound.state === "failed" && (
        <div className={styles.choice}>
          <Button size="small" disabled={resolve.isPending} onClick={() => resolve.mutate("resend")}>
            {t("outbound.sendAgain")}
          </Button>
        </div>
      )}
      <Refusal error={resolve.error ?? cancel.error} />
    </State>
  );
}
