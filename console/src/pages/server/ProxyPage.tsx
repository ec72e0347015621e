import { useQuery } from "@tanstack/react-query";
import { serverInfoQuery, type User, userQuery } from "@/api/account";
import { type Server, serverQuery } from "@/api/server";
import { Copyable } from "@/ui/Copyable";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Details } from "@/ui/Facts";
import { Page, Section } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { type Column, Table } from "@/ui/Table";
import { ProxyRequests } from "./ProxyRequests";
import { TwoLines } from "./TwoLines";

export function ProxyPage() {
  const server = useQuery(serverQuery);
  const user = useQuery(userQuery);
  const error = user.error ?? server.error;
  return (
    <Page title="Proxy">
      {error && <QueryError error={error} refetch={user.refetch} />}
      {server.data && user.data ? <ProxyDetails server={server.data} user={user.data} /> : !error && <Skeleton />}
    </Page>
  );
}

function ProxyDetails({ server, user }: { server: Server; user: User }) {
  if (!server.proxyUrl || !user.proxy) {
    return (
      <Empty command="greenroom config show">This server runs without a proxy: its setting `proxy.mode` is off.</Empty>
    );
  }
  const { password, groups } = user.proxy;
  const host = new URL(server.proxyUrl).host;
  return (
    <>
      <Section title="Address">
        <Details
          rows={{
            "From this machine": <Copyable text={server.proxyUrl} label="Copy the address" />,
            Password: <Copyable text={password} shown="••••••••••••" label="Copy the password" />,
            Example: (
              <Copyable
                text={`curl --proxy http://auto:${password}@${host} 'http://proxy.apify.com/?format=json'`}
                shown={`curl --proxy http://auto:PASSWORD@${host} 'http://proxy.apify.com/?format=json'`}
                label="Copy the command with the password"
              />
            ),
          }}
        />
      </Section>
      <Section title="Groups" note="a user name such as groups-RESIDENTIAL,session-a1,country-US chooses one">
        <Groups names={groups} isOperator={server.isOperator} />
      </Section>
      <Section title="Last requests" note="of your runs and clients, at most 100">
        <ProxyRequests />
      </Section>
    </>
  );
}

type Group = { name: string; description: string | null };
const DIRECTLY = "directly from this machine";

function Groups({ names, isOperator }: { names: Group[]; isOperator: boolean }) {
  const { data: info } = useQuery({ ...serverInfoQuery, enabled: isOperator });
  const upstreams = info?.proxyUpstreams ?? {};
  const way = (name: string) => upstreams[name] ?? upstreams["*"] ?? DIRECTLY;
  const columns: Column<Group>[] = [
    { id: "name", header: "Group", width: 220, cell: (group) => <b>{group.name}</b> },
    { id: "description", header: "Description", grows: true, cell: (group) => group.description },
    ...(isOperator ? [{ id: "way", header: "Connects", width: 320, cell: (group: Group) => way(group.name) }] : []),
  ];
  return (
    <Table
      label="Groups of the proxy"
      columns={columns}
      rows={names}
      rowId={(group) => group.name}
      compact={(group) => (
        <TwoLines first={<b>{group.name}</b>} last={isOperator ? way(group.name) : null}>
          {group.description}
        </TwoLines>
      )}
    />
  );
}
