// @vitest-environment node
import { QueryClient } from "@tanstack/react-query";
import { afterEach, describe, expect, it, vi } from "vitest";
import { local } from "@/api/client";
import { type StandbyRun, type StandbyTarget, standbyQuery } from "@/api/standby";
import { applyEvents } from "@/live/patches";
import { changesOf, draftOf, errorsOf, settingOf } from "@/standby/draft";
import { capacityOf, hostForm, rate, runStateOf, settingsSentence, stateOf, stopsAt } from "@/standby/state";

const RUN: StandbyRun = {
  id: "run",
  buildNumber: "0.0.1",
  status: "RUNNING",
  startedAt: "2026-11-25T12:00:00Z",
  isReady: true,
  isOutdated: false,
  isEnding: false,
  openRequests: 0,
  requests: 9,
  requestsPerSec: 0.9,
  idleSince: "2026-11-25T12:00:30Z",
};
const TARGET: StandbyTarget = {
  label: "local--hello",
  url: "http://localhost:3333/greenroom/standby/local--hello",
  pageUrl: "http://localhost:3333/greenroom/standby/local--hello/",
  actorId: "actor",
  actorName: "local/hello",
  actorTitle: null,
  taskId: null,
  taskName: null,
  isEnabled: true,
  settings: {
    desiredRequestsPerActorRun: 3,
    maxRequestsPerActorRun: 4,
    idleTimeoutSecs: 300,
    build: "latest",
    memoryMbytes: 1024,
    shouldPassActorInput: false,
  },
  buildNumber: "0.0.1",
  webServerMcpPath: null,
  waitingRequests: 0,
  openRequests: 0,
  requestsPerSec: 0,
  recentRequests: [],
  problem: null,
  runs: [],
};
const STARTING = { ...RUN, isReady: false, requests: 0 };
const ENDING = { ...RUN, isEnding: true };
const OUTDATED = { ...RUN, isOutdated: true, openRequests: 1, idleSince: null };

describe("the state of Standby", () => {
  it.each<[Partial<StandbyTarget>, string]>([
    [{}, "No run"],
    [{ buildNumber: null }, "No build"],
    [{ problem: { at: "2026-11-25T12:00:00Z", message: "It exited." } }, "Not started"],
    [{ runs: [STARTING], waitingRequests: 1, openRequests: 1 }, "Starting"],
    [{ runs: [STARTING, RUN] }, "Ready"],
    [{ runs: [RUN], openRequests: 2 }, "Serving"],
    [{ runs: [ENDING] }, "Stopping"],
    [{ runs: [RUN], isEnabled: false }, "Stopping"],
  ])("of %j is %s", (changes, text) => {
    expect(stateOf({ ...TARGET, ...changes }).text).toBe(text);
  });

  it.each<[Partial<StandbyRun>, string]>([
    [{}, "Ready"],
    [{ openRequests: 1 }, "Serving"],
    [{ isReady: false, requests: 0 }, "Starting"],
    [{ isReady: false }, "Not listening"],
    [{ isOutdated: true }, "Draining"],
    [{ isEnding: true, isOutdated: true }, "Stopping"],
  ])("of a run with %j is %s", (changes, text) => {
    expect(runStateOf({ ...RUN, ...changes }).text).toBe(text);
  });

  it("has the time at which an idle run stops", () => {
    expect(stopsAt(RUN, TARGET)).toBe(Date.parse("2026-11-25T12:05:30Z"));
    for (const run of [STARTING, ENDING, OUTDATED]) expect(stopsAt(run, TARGET)).toBeNull();
  });

  it("counts the places of runs that get requests", () => {
    expect(capacityOf({ ...TARGET, runs: [RUN, STARTING, ENDING, OUTDATED] })).toBe(8);
  });
});

it("is shown in words and numbers", () => {
  expect([0, 0.1, 12.34, 99.96, 1234.5].map(rate)).toEqual(["0", "0.1", "12.3", "100", "1,235"]);
  expect(hostForm(TARGET)).toBe("http://local--hello.localhost:3333");
  expect(hostForm({ ...TARGET, pageUrl: "http://localhost/greenroom/standby/local--hello/" })).toBe(
    "http://local--hello.localhost",
  );
  expect(settingsSentence(TARGET)).toBe(
    "3 desired and at most 4 requests a run · idle timeout 300 s · build latest · 1024 MB · without input",
  );
});

describe("the settings", () => {
  const stored = draftOf({ isEnabled: true, maxRequestsPerActorRun: 4, build: "latest", shouldPassActorInput: false });

  it("send only what has changed, and null for what is empty", () => {
    const draft = { ...stored, maxRequestsPerActorRun: " 8 ", build: "", idleTimeoutSecs: "60" };
    expect(changesOf(stored, stored)).toEqual({});
    expect(changesOf(draft, stored)).toEqual({ maxRequestsPerActorRun: 8, build: null, idleTimeoutSecs: 60 });
    const choices = { ...stored, memoryMbytes: "512", shouldPassActorInput: "true", build: "0.1.2" };
    expect(changesOf(choices, stored)).toEqual({ memoryMbytes: 512, shouldPassActorInput: true, build: "0.1.2" });
  });

  it("find numbers that are not whole", () => {
    expect(errorsOf(stored)).toEqual({});
    expect(Object.keys(errorsOf({ ...stored, idleTimeoutSecs: "1.5", desiredRequestsPerActorRun: "-1" }))).toEqual([
      "desiredRequestsPerActorRun",
      "idleTimeoutSecs",
    ]);
  });

  it("show an error of the server at the setting that it names first", () => {
    const both = "maxRequestsPerActorRun (2) must be greater than or equal to desiredRequestsPerActorRun (3)";
    expect(settingOf(`Field 'actorStandby' is not valid: ${both}`)).toBe("maxRequestsPerActorRun");
    expect(settingOf("Field 'actorStandby' is not valid: build must be the tag")).toBe("build");
    expect(settingOf("The server does not answer.")).toBeUndefined();
  });
});

describe("the list", () => {
  afterEach(() => vi.restoreAllMocks());
  const queries = new QueryClient();
  const event = (items: StandbyTarget[]) => applyEvents(queries, [{ name: "standby", data: { items } }], () => {});

  it("is replaced by events, also while a response is on its way", async () => {
    const answers: ((answer: unknown) => void)[] = [];
    vi.spyOn(local, "GET").mockImplementation((() => new Promise((resolve) => answers.push(resolve))) as never);
    const respond = (items: StandbyTarget[]) => answers.pop()?.({ data: { items }, response: new Response() });
    const first = queries.fetchQuery(standbyQuery);
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    respond([]);
    expect(await first).toEqual([]);
    event([TARGET]);
    expect(queries.getQueryData(standbyQuery.queryKey)).toEqual([TARGET]);
    const second = queries.fetchQuery({ ...standbyQuery, staleTime: 0 });
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    event([{ ...TARGET, openRequests: 3 }]);
    respond([TARGET]);
    expect((await second)[0]?.openRequests).toBe(3);
  });
});
