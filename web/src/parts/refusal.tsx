// A refusal, whole: what happened, and what to do, in the server's words.
import { makeStyles, MessageBar, MessageBarBody, MessageBarTitle } from "@fluentui/react-components";
import { useTranslation } from "react-i18next";
import { Trouble } from "../api/client";
import { Said } from "./words";

const useStyles = makeStyles({ detail: { whiteSpace: "pre-line", overflowWrap: "anywhere" } });

export function Refusal({ error }: { error: unknown }) {
  const { t } = useTranslation();
  const styles = useStyles();
  if (!error) return null;
  const problem = error instanceof Trouble ? error.problem : null;
  const title = problem ? <Said>{problem.title}</Said> : error instanceof Trouble ? t("problem.unreachable") : t("problem.page");
  const detail = problem ? <Said>{problem.detail}</Said> : error instanceof Trouble ? t("problem.unreachableDetail") : <Said>{String(error)}</Said>;
  return (
    <MessageBar intent="error" layout="multiline" role="alert">
      <MessageBarBody>
        <MessageBarTitle>{title}</MessageBarTitle>
        <div className={styles.detail}>{detail}</div>
      </MessageBarBody>
    </MessageBar>
  );
}
