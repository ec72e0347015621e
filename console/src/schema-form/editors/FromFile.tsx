import { type ReactNode, useId, useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, TextInput } from "@/ui/Field";
import { Menu, MenuItem } from "@/ui/Menu";

type Props = {
  icon: ReactNode;
  isDisabled: boolean;
  onContent: (content: string, name: string) => void;
  /** Adds the URL of a list, which the Actor fetches when it runs. */
  onLink: (url: string) => void;
};

/** Adds the URLs of a file: of this computer, or of an address that the Actor fetches. */
export function FromFile({ icon, isDisabled, onContent, onLink }: Props) {
  const picker = useRef<HTMLInputElement>(null);
  const [isLinking, setLinking] = useState(false);
  const trigger = (
    <Button variant="quiet" small icon={icon} disabled={isDisabled}>
      From a file
    </Button>
  );
  return (
    <>
      <Menu trigger={trigger}>
        <MenuItem onSelect={() => picker.current?.click()}>Read the URLs of a file on this computer</MenuItem>
        <MenuItem onSelect={() => setLinking(true)}>Link a file that the Actor fetches</MenuItem>
      </Menu>
      <input
        ref={picker}
        type="file"
        hidden
        accept=".txt,.csv,.tsv,.json,.xml,text/*"
        onChange={async (event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file) onContent(await file.text(), file.name);
        }}
      />
      {isLinking && <LinkDialog onLink={onLink} onClose={() => setLinking(false)} />}
    </>
  );
}

function LinkDialog({ onLink, onClose }: { onLink: (url: string) => void; onClose: () => void }) {
  const id = useId();
  const [url, setUrl] = useState("");
  const link = () => {
    onLink(url.trim());
    onClose();
  };
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button variant="primary" disabled={!/^https?:\/\/./i.test(url.trim())} onClick={link}>
        Link the file
      </Button>
    </>
  );
  return (
    <Dialog
      title="Link a file with URLs"
      description="The Actor fetches the file when it runs, and crawls each URL in it."
      onClose={onClose}
      footer={footer}
    >
      <Field label="URL of the file" htmlFor={id}>
        <TextInput
          id={id}
          isMono
          value={url}
          placeholder="https://example.com/urls.txt"
          onChange={(event) => setUrl(event.target.value)}
        />
      </Field>
    </Dialog>
  );
}
