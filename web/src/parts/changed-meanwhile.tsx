// Two people changed the same thing: who was first, when, and the way on. Nothing is overwritten, and nothing typed is lost.
import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { Trouble, type Problem } from "../api/client";
import { Data, Time } from "./words";

/** The server's refusal of a version that is not the last one any more. */
export function changedMeanwhile(error: unknown): Problem | undefined {
  return error instanceof Trouble && error.status === 412 && error.problem ? error.problem : undefined;
}

/** `help` says what to do, `take` does it; both are those of a form where they are left out. */
export function ChangedMeanwhile({ problem, ready, onTake, help, take }: { problem: Problem | undefined; ready: boolean; onTake: () => void; help?: string; take?: string }) {
  const { t } = useTranslation();
  return (
    <MessageBar intent="warning" layout="multiline" role="alert">
      <MessageBarBody>
        <MessageBarTitle>{t("changed.title")}</MessageBarTitle>
        {problem?.changed_by && (
          <>
            {t("changed.by")} <Data>{problem.changed_by}</Data>
            {problem.changed_at && (
              <>
                {" – "}
                <Time at={problem.changed_at} />
              </>
            )}
            <br />
          </>
        )}
        {help ?? t("changed.help")}
      </MessageBarBody>
      <MessageBarActions>
        <Button disabled={!ready} onClick={onTake}>
          {take ?? t("changed.take")}
        </Button>
      </MessageBarActions>
    </MessageBar>
  );
}
