// The answer to a customer. What was typed stays until the server has it for certain.
import { Button, Card, Field, Input, makeStyles, MessageBar, MessageBarBody, Textarea, tokens, typographyStyles } from "@fluentui/react-components";
import { SendRegular } from "@fluentui/react-icons/svg/send";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { call, path, type Schemas } from "../api/client";
import { useChange } from "../api/queries";
import { addresses } from "./addresses";
import { Refusal } from "./refusal";

const useStyles = makeStyles({
  form: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
  heading: { ...typographyStyles.subtitle1, margin: 0 },
  buttons: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
});

export function ReplyBox({ number, customer }: { number: number; customer: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [to, setTo] = useState(customer);
  const [cc, setCc] = useState("");
  const [text, setText] = useState("");
  const send = useChange((reply: Schemas["NewReply"]) => call<Schemas["Outbound"]>("POST", path("cases", number, "replies"), reply));

  const submit = (close: boolean) =>
    send.mutate({ text, to: addresses(to), cc: addresses(cc), close }, { onSuccess: () => setText("") });
  const cannot = send.isPending || text.trim() === "" || addresses(to).length === 0;

  return (
    <Card role="region" aria-label={t("reply.title")}>
      <form
        className={styles.form}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          if (!cannot) submit(false);
        }}
      >
        <h2 className={styles.heading}>{t("reply.title")}</h2>
        <Field label={t("mail.to")}>
          <Input name="to" value={to} onChange={(_, data) => setTo(data.value)} dir="auto" />
        </Field>
        <Field label={t("mail.cc")}>
          <Input name="cc" value={cc} onChange={(_, data) => setCc(data.value)} dir="auto" />
        </Field>
        <Field label={t("reply.text")} required>
          <Textarea name="text" rows={8} resize="vertical" value={text} onChange={(_, data) => setText(data.value)} dir="auto" />
        </Field>
        <Refusal error={send.error} />
        {send.isSuccess && text === "" && (
          <MessageBar intent="success" layout="multiline">
            <MessageBarBody>{t("reply.queued")}</MessageBarBody>
          </MessageBar>
        )}
        <div className={styles.buttons}>
          <Button type="submit" appearance="primary" icon={<SendRegular />} disabled={cannot}>
            {t("reply.send")}
          </Button>
          <Button disabled={cannot} onClick={() => submit(true)}>
            {t("reply.sendAndClose")}
          </Button>
        </div>
      </form>
    </Card>
  );
}
