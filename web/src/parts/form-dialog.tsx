// A form in a dialog: labelled fields, hints, the server's refusal beside the field that it is about, nothing lost on a refusal. Where
// somebody else has changed the thing meanwhile, it says so, and offers their version with what was typed here kept.
import { Button, Checkbox, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, DialogTrigger, Field, Input, Label, makeStyles, Select, Textarea, tokens } from "@fluentui/react-components";
import { cloneElement, useState, type FormEvent, type ReactElement, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Trouble } from "../api/client";
import { useChange } from "../api/queries";
import { ChangedMeanwhile, changedMeanwhile } from "./changed-meanwhile";
import { FileText } from "./file-text";
import { Refusal } from "./refusal";

const useStyles = makeStyles({
  fields: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM, paddingTop: tokens.spacingVerticalS },
  several: { display: "flex", flexDirection: "column", border: "none", margin: 0, padding: 0, minWidth: 0, "& > legend": { padding: 0 } },
  hint: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200, lineHeight: tokens.lineHeightBase200 },
});

export interface FormField {
  name: string;
  label: string;
  hint?: string;
  required?: boolean;
  value?: string;
  /** `pem`: text that a file may hold, which can be chosen. `check`: "yes", or empty. */
  type?: "text" | "password" | "area" | "number" | "date" | "pem" | "check";
  autoComplete?: string;
  options?: { value: string; label: string }[];
  /** Several of the options: the value has them one a line. */
  several?: boolean;
  /** Shown only where this holds of the values so far. */
  when?: (values: Values) => boolean;
}

export type Values = Record<string, string>;

/** The lines of a field with several options. */
export const chosen = (value: string | undefined): string[] => (value ?? "").split("\n").filter((each) => each !== "");

interface FormDialogProps<Out> {
  trigger: ReactElement;
  title: string;
  /** Above the fields: what will happen. */
  words?: ReactNode;
  submit: string;
  fields: FormField[];
  /** The version that the fields are of, where it is one that others may change, too. */
  etag?: string;
  /** Gets the fields that are shown; those that are empty only where `empty` is set. */
  onSubmit: (values: Values, etag: string | undefined) => Promise<Out>;
  empty?: boolean;
  /** What is wrong before the server is asked. */
  check?: (values: Values) => { field: string; words: string } | undefined;
  /** Shown in place of the form when it was done, for what is told only once. */
  done?: (outcome: Out) => ReactNode;
}

function FormBody<Out>({ title, words, submit, onSubmit, check, empty = false, done, close, ...now }: Omit<FormDialogProps<Out>, "trigger"> & { close: () => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [typed, setTyped] = useState<Values>({});
  // The version that this form is about stays the one that it was opened with: fields must not change while somebody types.
  const [base, setBase] = useState<{ fields: FormField[]; etag: string | undefined }>({ fields: now.fields, etag: now.etag });
  const [fault, setFault] = useState<{ field: string; words: string }>();
  const change = useChange((values: Values) => onSubmit(values, base.etag));
  const before = new Map(base.fields.map((field) => [field.name, field.value]));
  const values: Values = Object.fromEntries(
    now.fields.map((field) => [field.name, typed[field.name] ?? before.get(field.name) ?? (field.required && !field.several ? (field.options?.[0]?.value ?? "") : "")]),
  );
  const shown = now.fields.filter((field) => field.when?.(values) ?? true);
  const wrong = change.error instanceof Trouble ? change.error.problem?.field : undefined;
  const conflict = changedMeanwhile(change.error);
  const theirs = (field: FormField) => (base.etag !== now.etag && field.value !== before.get(field.name) ? (field.options?.find((each) => each.value === field.value)?.label ?? chosen(field.value).join(", ")) : undefined);

  const send = (event: FormEvent) => {
    event.preventDefault();
    const found = check?.(values);
    setFault(found);
    if (found) return;
    const full = Object.fromEntries(shown.map((field) => [field.name, values[field.name] ?? ""]).filter(([, value]) => empty || value !== ""));
    change.mutate(full, { onSuccess: () => done || close() });
  };

  if (done && change.isSuccess) {
    return (
      <DialogBody>
        <DialogTitle>{title}</DialogTitle>
        <DialogContent>{done(change.data)}</DialogContent>
        <DialogActions fluid>
          <DialogTrigger disableButtonEnhancement>
            <Button appearance="primary">{t("common.close")}</Button>
          </DialogTrigger>
        </DialogActions>
      </DialogBody>
    );
  }
  return (
    <form onSubmit={send}>
      <DialogBody>
        <DialogTitle>{title}</DialogTitle>
        <DialogContent>
          <div className={styles.fields}>
            {words}
            {conflict || base.etag !== now.etag ? (
              <ChangedMeanwhile
                problem={conflict}
                ready={base.etag !== now.etag}
                onTake={() => {
                  setBase({ fields: now.fields, etag: now.etag });
                  change.reset();
                }}
              />
            ) : (
              <Refusal error={change.error} />
            )}
            {shown.map((field) => {
              const value = values[field.name] ?? "";
              const set = (_: unknown, data: { value: string }) => setTyped((earlier) => ({ ...earlier, [field.name]: data.value }));
              const turn = (option: string, on: boolean) => set(undefined, { value: [...chosen(value).filter((each) => each !== option), ...(on ? [option] : [])].join("\n") });
              const other = theirs(field);
              const message: { validationState?: "warning"; validationMessage?: string } = fault?.field === field.name ? { validationMessage: fault.words } : other === undefined ? {} : { validationState: "warning", validationMessage: t("changed.now", { value: other || "–" }) };
              if (field.several) {
                return (
                  <fieldset key={field.name} className={styles.several}>
                    <legend>
                      <Label required={field.required ?? false}>{field.label}</Label>
                    </legend>
                    {field.options?.map((option) => (
                      <Checkbox key={option.value} label={option.label} checked={chosen(value).includes(option.value)} onChange={(_, data) => turn(option.value, data.checked === true)} />
                    ))}
                    {[field.hint, message.validationMessage].map((each) => each && <div key={each} className={styles.hint}>{each}</div>)}
                  </fieldset>
                );
              }
              if (field.type === "check") {
                return (
                  <div key={field.name}>
                    <Checkbox name={field.name} label={field.label} checked={value !== ""} onChange={(_, data) => set(undefined, { value: data.checked === true ? "yes" : "" })} />
                    {field.hint && <div className={styles.hint}>{field.hint}</div>}
                  </div>
                );
              }
              return (
                <Field key={field.name} label={field.label} required={field.required ?? false} {...(field.hint ? { hint: field.hint } : {})} validationState={wrong === field.name ? "error" : "none"} {...message}>
                  {field.options ? (
                    <Select name={field.name} value={value} onChange={set}>
                      {field.options.map((option) => (
                        <option key={option.value} value={option.value}>
                          {option.label}
                        </option>
                      ))}
                    </Select>
                  ) : field.type === "area" ? (
                    <Textarea name={field.name} value={value} onChange={set} rows={8} resize="vertical" dir="auto" />
                  ) : field.type === "pem" ? (
                    (props) => <FileText field={props} name={field.name} value={value} set={(text) => set(undefined, { value: text })} />
                  ) : (
                    <Input name={field.name} value={value} onChange={set} type={field.type ?? "text"} autoComplete={field.autoComplete ?? "off"} dir="auto" />
                  )}
                </Field>
              );
            })}
          </div>
        </DialogContent>
        <DialogActions fluid>
          <DialogTrigger disableButtonEnhancement>
            <Button>{t("common.cancel")}</Button>
          </DialogTrigger>
          <Button type="submit" appearance="primary" disabled={change.isPending}>
            {submit}
          </Button>
        </DialogActions>
      </DialogBody>
    </form>
  );
}

export function FormDialog<Out>({ trigger, ...rest }: FormDialogProps<Out>) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog open={open} onOpenChange={(_, data) => setOpen(data.open)}>
      <DialogTrigger disableButtonEnhancement>{cloneElement(trigger, { "aria-haspopup": "dialog" })}</DialogTrigger>
      <DialogSurface>
        <FormBody {...rest} close={() => setOpen(false)} />
      </DialogSurface>
    </Dialog>
  );
}
