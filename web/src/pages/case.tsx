// A case: its mails, oldest first, and the box to answer in.
import { Badge, Button, makeStyles, tokens } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router-dom";
import { call, path, Trouble } from "../api/client";
import { useCase, useChange, useMay } from "../api/queries";
import { ActivityCard } from "../parts/activity-card";
import { ChangedMeanwhile, changedMeanwhile } from "../parts/changed-meanwhile";
import { Fetched, Page } from "../parts/page";
import { Refusal } from "../parts/refusal";
import { ReplyBox } from "../parts/reply-box";
import { Data } from "../parts/words";

const useStyles = makeStyles({
  facts: { display: "flex", flexWrap: "wrap", gap: "4px 16px", alignItems: "center", color: tokens.colorNeutralForeground2 },
  mails: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalL, listStyleType: "none", margin: 0, padding: 0 },
});

export function CasePage() {
  const { t } = useTranslation();
  const styles = useStyles();
  const number = Number(useParams().number);
  const query = useCase(number);
  const change = useChange((state: "open" | "closed") => call("PATCH", path("cases", number), { state }, query.data?.etag));
  const conflict = changedMeanwhile(change.error);
  const writes = useMay("cases:write");
  const data = query.data;
  const missing = query.error instanceof Trouble && query.error.status === 404;
  const turnTo = data?.state === "open" ? "closed" : "open";
  return (
    <Page
      title={data ? t("case.title", { number, subject: data.subject || t("case.noSubject") }) : t(missing ? "case.missing" : "case.loading", { number })}
      actions={
        writes &&
        data && (
          <Button disabled={change.isPending} onClick={() => change.mutate(turnTo)}>
            {t(turnTo === "closed" ? "case.close" : "case.reopen")}
          </Button>
        )
      }
    >
      {conflict ? <ChangedMeanwhile problem={conflict} ready onTake={() => change.reset()} help={t("changed.caseHelp")} take={t("changed.seen")} /> : <Refusal error={change.error} />}
      <Fetched query={query}>
        {(it) => (
          <>
            <div className={styles.facts}>
              <Badge appearance="tint" color={it.state === "open" ? "brand" : "informative"}>
                {t(`case.state.${it.state}`)}
              </Badge>
              {it.waiting_for_us && (
                <Badge appearance="tint" color="warning">
                  {t("case.waitingForUs")}
                </Badge>
              )}
              {it.customer_name && <Data>{it.customer_name}</Data>}
              <Data>{it.customer}</Data>
              <Data>{it.mailbox}</Data>
              <Data>{it.department}</Data>
            </div>
            <ol className={styles.mails}>
              {it.items.map((activity) => (
                <li key={activity.id}>
                  <ActivityCard activity={activity} />
                </li>
              ))}
            </ol>
            {writes && <ReplyBox key={it.number} number={it.number} customer={it.customer} />}
          </>
        )}
      </Fetched>
    </Page>
  );
}
