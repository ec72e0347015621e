import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { type LocalLogin, localLogin } from "@/api/clientLogin";
import { type Server, serverQuery } from "@/api/server";
import { CommandLine } from "@/ui/CommandLine";
import { QueryError } from "@/ui/ErrorNote";
import { Details } from "@/ui/Facts";
import { Page, Section } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { LoginCard } from "./LoginCard";
import styles from "./Settings.module.css";

/** How clients find this server and sign in. `apify login` opens this page, and waits for a token. */
export function IntegrationsPage() {
  const { data: server, error, refetch } = useQuery(serverQuery);
  const login = localLogin(useSearch({ strict: false }));
  return (
    <Page title="Integrations" crumbs={[{ label: "Settings", href: "/settings" }]}>
      {error && <QueryError error={error} refetch={refetch} />}
      {!server && !error && <Skeleton lines={6} />}
      {server && <Integrations server={server} login={login} />}
    </Page>
  );
}

function Integrations({ server, login }: { server: Server; login: LocalLogin | null }) {
  const token = server.hasUsers ? "YOUR_TOKEN" : (server.user?.username ?? "any");
  const url = server.apiUrl;
  return (
    <div className={styles.page}>
      {login && (
        <Section title="Sign in the apify command">
          <LoginCard server={server} login={login} />
        </Section>
      )}
      <Section title="Token">
        <p>
          {server.hasUsers
            ? `Clients use the token that the server's configuration gives to ${server.user?.username}. The console does not store it, so it cannot show it.`
            : "This server has no configured users: it accepts every token, and every client acts as the same user."}
        </p>
      </Section>
      <Section title="Variables of clients" note="For apify-client, the Apify SDK and the apify command">
        <Details
          rows={{
            "Address of the API": <CommandLine command={`export APIFY_CLIENT_BASE_URL=${url}`} />,
            "In the Apify SDK": <CommandLine command={`export APIFY_API_BASE_URL=${url}`} />,
            Token: <CommandLine command={`export APIFY_TOKEN=${token}`} />,
            "Sign in the command": <CommandLine command={`apify login --token ${token}`} />,
            "All of it in a shell": <CommandLine command={'eval "$(greenroom env)"'} />,
          }}
        />
      </Section>
    </div>
  );
}
