import { Link, useLocation } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { openPalette } from "@/app/paletteState";
import { Button, buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";
import styles from "./NotFoundPage.module.css";

/** A path or an id for which there is no page. `message` are the server's words about an unknown id. */
export function NotFoundPage({ message, command }: { message?: string; command?: string }) {
  const { pathname } = useLocation();
  return (
    <Page title="Not found">
      <Empty {...(command ? { command } : {})} action={<Ways />}>
        {message ?? `The console has no page at ${pathname}.`}
      </Empty>
    </Page>
  );
}

function Ways() {
  return (
    <span className={styles.ways}>
      <Button icon={<Search aria-hidden />} onClick={() => openPalette()}>
        Search
      </Button>
      <Link to="/actors/runs" className={buttonClass()}>
        Runs
      </Link>
      <Link to="/actors" className={buttonClass()}>
        Actors
      </Link>
    </span>
  );
}
