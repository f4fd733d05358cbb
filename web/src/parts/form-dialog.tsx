// A form in a dialog: labelled fields, hints, the server's refusal beside the field that it is about, nothing lost on a refusal.
import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, DialogTrigger, Field, Input, makeStyles, Select, Textarea, tokens } from "@fluentui/react-components";
import { cloneElement, useState, type FormEvent, type ReactElement } from "react";
import { useTranslation } from "react-i18next";
import { Trouble } from "../api/client";
import { useChange } from "../api/queries";
import { Refusal } from "./refusal";

const useStyles = makeStyles({ fields: { display: "flex", flexDirection: "column", gap: tokens.spacingVerticalM, paddingTop: tokens.spacingVerticalS } });

export interface FormField {
  name: string;
  label: string;
  hint?: string;
  required?: boolean;
  value?: string;
  type?: "text" | "password" | "area";
  options?: { value: string; label: string }[];
  /** Shown only where this holds of the values so far. */
  when?: (values: Values) => boolean;
}

export type Values = Record<string, string>;

interface FormDialogProps {
  trigger: ReactElement;
  title: string;
  submit: string;
  fields: FormField[];
  /** Gets the fields that are shown and not empty. */
  onSubmit: (values: Values) => Promise<unknown>;
}

function FormBody({ title, submit, fields, onSubmit, close }: Omit<FormDialogProps, "trigger"> & { close: () => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const [typed, setTyped] = useState<Values>({});
  const change = useChange(onSubmit);
  const values: Values = Object.fromEntries(fields.map((field) => [field.name, typed[field.name] ?? field.value ?? (field.required ? (field.options?.[0]?.value ?? "") : "")]));
  const shown = fields.filter((field) => field.when?.(values) ?? true);
  const wrong = change.error instanceof Trouble ? change.error.problem?.field : undefined;

  const send = (event: FormEvent) => {
    event.preventDefault();
    const full = Object.fromEntries(shown.map((field) => [field.name, values[field.name] ?? ""]).filter(([, value]) => value !== ""));
    change.mutate(full, { onSuccess: close });
  };

  return (
    <form onSubmit={send}>
      <DialogBody>
        <DialogTitle>{title}</DialogTitle>
        <DialogContent>
          <div className={styles.fields}>
            <Refusal error={change.error} />
            {shown.map((field) => {
              const value = values[field.name] ?? "";
              const set = (_: unknown, data: { value: string }) => setTyped((before) => ({ ...before, [field.name]: data.value }));
              return (
                <Field key={field.name} label={field.label} required={field.required ?? false} {...(field.hint ? { hint: field.hint } : {})} validationState={wrong === field.name ? "error" : "none"}>
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
                  ) : (
                    <Input name={field.name} value={value} onChange={set} type={field.type ?? "text"} autoComplete="off" dir="auto" />
                  )}
                </Field>
              );
            })}
          </div>
        </DialogContent>
        <DialogActions>
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

export function FormDialog({ trigger, ...rest }: FormDialogProps) {
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
