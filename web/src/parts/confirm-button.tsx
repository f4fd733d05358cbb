// A button for what cannot be undone: it asks first. `name` is for those who don't see which row it stands in.
import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, DialogTrigger } from "@fluentui/react-components";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChange } from "../api/queries";
import { Refusal } from "./refusal";

export function ConfirmButton({ label, name, question, onConfirm }: { label: string; name?: string; question: string; onConfirm: () => Promise<unknown> }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const change = useChange(onConfirm);
  return (
    <Dialog modalType="alert" open={open} onOpenChange={(_, data) => setOpen(data.open)}>
      <DialogTrigger disableButtonEnhancement>
        <Button size="small" aria-haspopup="dialog" {...(name ? { "aria-label": name } : {})}>
          {label}
        </Button>
      </DialogTrigger>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{name ?? label}</DialogTitle>
          <DialogContent>
            {question}
            <Refusal error={change.error} />
          </DialogContent>
          <DialogActions fluid>
            <DialogTrigger disableButtonEnhancement>
              <Button>{t("common.cancel")}</Button>
            </DialogTrigger>
            <Button appearance="primary" disabled={change.isPending} onClick={() => change.mutate(undefined, { onSuccess: () => setOpen(false) })}>
              {label}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
