// What changed, as the server says it (GET /api/v1/events): each page then asks anew for what it shows. While nobody looks at the
// tab there is no stream, since a browser has few connections to a server. Without one, pages ask more often (queries.ts).
import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { path } from "./client";

/** Which questions an event answers anew. */
const concerned: Record<string, (id: string) => QueryKey[]> = {
  // What was sent shows in its case, too.
  case: (id) => [["cases"], ["case", Number(id)]],
  outbound: () => [["outbound"], ["case"]],
  mailbox: () => [["mailboxes"]],
  account: () => [["accounts"]],
  exception: () => [["exceptions"]],
  alarm: () => [["alarms"], ["notifications"], ["alarm-routes"]],
  check: () => [["findings"], ["check-runs"]],
  setting: () => [["settings"]],
};

/** Whether events say when the answer to this question is another. */
const told = new Set(Object.values(concerned).flatMap((keys) => keys("").map((key) => key[0])));
export const isTold = (name: string) => told.has(name);

export type Liveness = "live" | "connecting" | "lost";

const again = 30_000; // after the server refused a stream
const patience = 5_000; // before a broken connection is worth a word
const unseen = 60_000; // a hidden tab gives its connection back
const pause = 300; // between two rounds of questions, so that a thousand mails are not a thousand of them

let state: Liveness = "connecting";
const listeners = new Set<() => void>();

function become(next: Liveness): void {
  if (state === next) return;
  state = next;
  for (const each of listeners) each();
}

export function useLiveness(): Liveness {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => state,
  );
}

/** Asks anew, one round after the other, for whatever was named since the round before. */
function askAnew(client: QueryClient) {
  const named = new Map<string, QueryKey>();
  let asking = false;
  return async (keys: QueryKey[]) => {
    for (const key of keys) named.set(JSON.stringify(key), key);
    if (asking) return;
    asking = true;
    while (named.size > 0) {
      const round = [...named.values()];
      named.clear();
      await Promise.all(round.map((queryKey) => client.invalidateQueries({ queryKey })));
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    asking = false;
  };
}

/** Listens until the returned function is called. `signedOut` is called when the server says that the session ended. */
export function listen(client: QueryClient, signedOut: () => void): () => void {
  const ask = askAnew(client);
  const everything = () => void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" });
  let stream: EventSource | undefined;
  let broken: ReturnType<typeof setTimeout> | undefined;
  let later: ReturnType<typeof setTimeout> | undefined;
  // What happened before a stream, it doesn't tell; what a short break of it held back, it does.
  let missed = true;

  const close = () => {
    clearTimeout(broken);
    clearTimeout(later);
    broken = undefined;
    stream?.close();
    stream = undefined;
  };
  const open = () => {
    close();
    const source = new EventSource(path("events"));
    stream = source;
    source.onopen = () => {
      clearTimeout(broken);
      broken = undefined;
      become("live");
      if (missed) everything();
      missed = false;
    };
    source.onerror = () => {
      broken ??= setTimeout(() => become("lost"), patience);
      if (source.readyState !== EventSource.CLOSED) return;
      missed = true;
      later = setTimeout(open, again);
    };
    for (const [name, keys] of Object.entries(concerned)) {
      source.addEventListener(name, (event: MessageEvent<string>) => void ask(keys((JSON.parse(event.data) as { id: string }).id)));
    }
    source.addEventListener("reset", everything);
    source.addEventListener("end", (event: MessageEvent<string>) => {
      const { reason } = JSON.parse(event.data) as { reason: string };
      if (reason === "signed-out") signedOut();
      // Newer tabs took the connections; this one asks instead, until somebody comes back to it.
      close();
      missed = true;
      become("lost");
    });
  };
  const seen = () => {
    clearTimeout(later);
    if (document.visibilityState === "visible") {
      if (stream === undefined || stream.readyState === EventSource.CLOSED) open();
    } else {
      later = setTimeout(() => {
        close();
        missed = true;
        become("connecting");
      }, unseen);
    }
  };

  document.addEventListener("visibilitychange", seen);
  // A tab that was opened in the background has none yet: a few of them would take all connections.
  if (document.visibilityState === "visible") open();
  return () => {
    document.removeEventListener("visibilitychange", seen);
    close();
    become("connecting");
  };
}
