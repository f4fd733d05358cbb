// The answer to a customer: to who wrote, to all, or the mail sent on. What was typed stays until the server has it for certain, and what was
// sent can be taken back for some seconds.
import {
  Button, Card, Checkbox, Field, Input, makeStyles, MessageBar, MessageBarActions, MessageBarBody, Select, Textarea, tokens, typographyStyles,
} from "@fluentui/react-components";
import { SendRegular } from "@fluentui/react-icons/svg/send";
import { useEffect, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { call, path, upload, type Schemas } from "../api/client";
import { useChange, useTemplates } from "../api/queries";
import { addresses } from "./addresses";
import { Refusal } from "./refusal";

const useStyles = makeStyles({
  form: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM },
  heading: { ...typographyStyles.subtitle1, margin: 0 },
  buttons: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalS },
  row: { display: "flex", flexWrap: "wrap", gap: tokens.spacingHorizontalM, alignItems: "end" },
  files: { margin: 0, paddingInlineStart: tokens.spacingHorizontalL },
});

type Kind = "reply" | "reply-all" | "forward";

export function ReplyBox({ number, customer, department }: { number: number; customer: string; department: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [kind, setKind] = useState<Kind>("reply");
  const [to, setTo] = useState(customer);
  const [cc, setCc] = useState("");
  const [text, setText] = useState("");
  const [quote, setQuote] = useState(false);
  const [at, setAt] = useState("");
  const [files, setFiles] = useState<Schemas["Upload"][]>([]);
  const [queued, setQueued] = useState<{ outbound: Schemas["Outbound"]; text: string }>();
  const templates = useTemplates(department);

  const prepare = useChange((wanted: { kind: Kind; template?: string }) =>
    call<Schemas["PreparedAnswer"]>("GET", `${path("cases", number, "answer")}?${new URLSearchParams(wanted)}`));
  const choose = (next: Kind) => {
    setKind(next);
    prepare.mutate({ kind: next }, {
      onSuccess: (prepared) => {
        setTo(prepared.to.join(", "));
        setCc(prepared.cc.join(", "));
      },
    });
  };
  const fill = (template: string) =>
    prepare.mutate({ kind, template }, { onSuccess: (prepared) => setText((before) => (before.trim() === "" ? prepared.text : `${before}\n${prepared.text}`)) });

  const attach = useChange(async (chosen: File[]) => {
    for (const file of chosen) {
      const stored = await upload(file);
      setFiles((before) => [...before, stored]);
    }
  });
  const remove = (id: string) => {
    setFiles((before) => before.filter((each) => each.id !== id));
    void call("DELETE", path("uploads", id)).catch(() => undefined);  // it goes after a day by itself
  };

  const send = useChange((close: boolean) => {
    const mail = {
      text, to: addresses(to), cc: addresses(cc), attachments: files.map((each) => each.id),
      ...(at === "" ? { undo: true } : { send_at: new Date(at).toISOString() }),
    };
    return kind === "forward"
      ? call<Schemas["Outbound"]>("POST", path("cases", number, "forwards"), mail)
      : call<Schemas["Outbound"]>("POST", path("cases", number, "replies"), { ...mail, quote, close });
  });
  const undo = useChange((outbound: Schemas["Outbound"]) => call<Schemas["Outbound"]>("POST", path("outbound", outbound.id, "cancellation"), {}));

  // What can be taken back can be for as long as it waits.
  useEffect(() => {
    if (!queued?.outbound.next_try) return;
    const left = new Date(queued.outbound.next_try).getTime() - Date.now();
    const timer = setTimeout(() => setQueued(undefined), Math.min(Math.max(left, 0), 0x7fffffff));
    return () => clearTimeout(timer);
  }, [queued]);

  const submit = (close: boolean) =>
    send.mutate(close, {
      onSuccess: (outbound) => {
        setQueued({ outbound, text });
        // What was typed since stays.
        setText((now) => (now === text ? "" : now));
        setFiles([]);
        setAt("");
      },
    });
  const cannot = send.isPending || attach.isPending || (kind !== "forward" && text.trim() === "") || addresses(to).length === 0;

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
        <div className={styles.row}>
          <Field label={t("reply.kind")}>
            <Select name="kind" value={kind} onChange={(_, data) => choose(data.value as Kind)}>
              <option value="reply">{t("reply.sender")}</option>
              <option value="reply-all">{t("reply.all")}</option>
              <option value="forward">{t("reply.forward")}</option>
            </Select>
          </Field>
          {(templates.data?.length ?? 0) > 0 && (
            <Field label={t("reply.template")}>
              <Select name="template" value="" onChange={(_, data) => data.value !== "" && fill(data.value)}>
                <option value="">{t("reply.noTemplate")}</option>
                {templates.data?.map((each) => <option key={each.name} value={each.name}>{each.name}</option>)}
              </Select>
            </Field>
          )}
        </div>
        <Field label={t("mail.to")}>
          <Input name="to" value={to} onChange={(_, data) => setTo(data.value)} dir="auto" />
        </Field>
        <Field label={t("mail.cc")}>
          <Input name="cc" value={cc} onChange={(_, data) => setCc(data.value)} dir="auto" />
        </Field>
        <Field label={t("reply.text")} required={kind !== "forward"}>
          <Textarea name="text" rows={8} resize="vertical" value={text} onChange={(_, data) => setText(data.value)} dir="auto" />
        </Field>
        <div className={styles.row}>
          <Field label={t("reply.files")}>
            {(props) => (
              <input
                {...props}
                type="file"
                name="files"
                multiple
                onChange={(event) => {
                  attach.mutate([...(event.target.files ?? [])]);
                  event.target.value = "";
                }}
              />
            )}
          </Field>
          <Field label={t("reply.sendAt")}>
            <Input name="sendAt" type="datetime-local" value={at} onChange={(_, data) => setAt(data.value)} />
          </Field>
          {kind !== "forward" && <Checkbox name="quote" label={t("reply.quote")} checked={quote} onChange={(_, data) => setQuote(data.checked === true)} />}
        </div>
        {files.length > 0 && (
          <ul className={styles.files}>
            {files.map((file) => (
              <li key={file.id}>
                <bdi>{file.name}</bdi>{" "}
                <Button size="small" appearance="subtle" onClick={() => remove(file.id)}>{t("reply.removeFile", { name: file.name })}</Button>
              </li>
            ))}
          </ul>
        )}
        <Refusal error={send.error ?? attach.error ?? prepare.error ?? undo.error} />
        {send.isSuccess && text === "" && (
          <MessageBar intent="success" layout="multiline">
            <MessageBarBody>{t("reply.queued")}</MessageBarBody>
            {queued && (
              <MessageBarActions>
                <Button
                  disabled={undo.isPending}
                  onClick={() =>
                    undo.mutate(queued.outbound, {
                      onSuccess: () => {
                        setText(queued.text);
                        setQueued(undefined);
                      },
                    })}
                >
                  {t("reply.undo")}
                </Button>
              </MessageBarActions>
            )}
          </MessageBar>
        )}
        <div className={styles.buttons}>
          <Button type="submit" appearance="primary" icon={<SendRegular />} disabled={cannot}>
            {t("reply.send")}
          </Button>
          {kind !== "forward" && (
            <Button disabled={cannot} onClick={() => submit(true)}>
              {t("reply.sendAndClose")}
            </Button>
          )}
        </div>
      </form>
    </Card>
  );
}
