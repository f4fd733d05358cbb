// Whose a case is, and what colleagues tell each other about it: pick, assign, transfer, and the box for a note.
import { Button, Card, Field, makeStyles, Textarea, tokens } from "@fluentui/react-components";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router-dom";
import { call, path, type Schemas } from "../api/client";
import { useChange, useSession, useTargets } from "../api/queries";
import { FormDialog } from "./form-dialog";
import { Refusal } from "./refusal";

const useStyles = makeStyles({
  form: { display: "flex", flexDirection: "column", alignItems: "flex-start", gap: tokens.spacingVerticalS, "& > :first-child": { alignSelf: "stretch" } },
});

type Case = Schemas["Case"];

function Assign({ it, targets }: { it: Case; targets: Schemas["Targets"] }) {
  const { t } = useTranslation();
  return (
    <FormDialog
      trigger={<Button>{t("desk.assign")}</Button>}
      title={t("desk.assign")}
      submit={t("desk.assign")}
      empty
      onSubmit={(values) => call("POST", path("cases", it.number, "assignment"), { agent: values.agent === "" ? null : values.agent })}
      fields={[
        {
          name: "agent",
          label: t("desk.agent"),
          value: it.assigned ?? targets.agents[0] ?? "",
          options: [...targets.agents.map((name) => ({ value: name, label: name })), { value: "", label: t("desk.nobody") }],
        },
      ]}
    />
  );
}

function Transfer({ it, targets }: { it: Case; targets: Schemas["Targets"] }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const mailboxes = (department: string | undefined) => targets.departments.find((each) => each.name === department)?.mailboxes ?? [];
  return (
    <FormDialog
      trigger={<Button>{t("desk.transfer")}</Button>}
      title={t("desk.transfer")}
      words={t("desk.transferHelp")}
      submit={t("desk.transfer")}
      onSubmit={async ({ department, ...rest }) => {
        await call("POST", path("cases", it.number, "transfer"), { department, mailbox: rest[`mailbox of ${department}`] ?? mailboxes(department)[0] });
        navigate("/cases");
      }}
      fields={[
        { name: "department", label: t("common.department"), required: true, options: targets.departments.map(({ name }) => ({ value: name, label: name })) },
        ...targets.departments.map(({ name, mailboxes: theirs }) => ({
          name: `mailbox of ${name}`,
          label: t("case.mailbox"),
          required: true,
          options: theirs.map((address) => ({ value: address, label: address })),
          when: (values: Record<string, string>) => values.department === name && theirs.length > 1,
        })),
      ]}
    />
  );
}

/** What can be done about whose it is, as buttons. */
export function CaseMoves({ it }: { it: Case }) {
  const { t } = useTranslation();
  const session = useSession().data;
  const targets = useTargets(it.number).data;
  const pick = useChange(() => call("POST", path("cases", it.number, "pick")));
  if (it.state !== "open") return null;
  return (
    <>
      {it.assigned === null && targets?.agents.includes(session?.name ?? "") && (
        <Button appearance="primary" disabled={pick.isPending} onClick={() => pick.mutate(undefined)}>
          {t("desk.pick")}
        </Button>
      )}
      {targets && <Assign key={it.assigned} it={it} targets={targets} />}
      {targets && targets.departments.length > 0 && <Transfer it={it} targets={targets} />}
      <Refusal error={pick.error} />
    </>
  );
}

export function NoteBox({ number }: { number: number }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [text, setText] = useState("");
  const add = useChange((note: string) => call("POST", path("cases", number, "notes"), { text: note }));
  const cannot = add.isPending || text.trim() === "";
  return (
    <Card role="region" aria-label={t("desk.note")}>
      <form
        className={styles.form}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          if (!cannot) add.mutate(text, { onSuccess: () => setText("") });
        }}
      >
        <Field label={t("desk.note")} hint={t("desk.noteHint")}>
          <Textarea name="note" rows={3} resize="vertical" value={text} onChange={(_, data) => setText(data.value)} dir="auto" />
        </Field>
        <Refusal error={add.error} />
        <Button type="submit" disabled={cannot}>
          {t("desk.addNote")}
        </Button>
      </form>
    </Card>
  );
}
