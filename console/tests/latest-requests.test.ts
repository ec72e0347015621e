import { describe, expect, it } from "vitest";
import { inFront, type ProxiedRequest } from "@/api/proxyRequests";
import { newDraft } from "@/pages/webhooks/draft";

const request = (host: string) => ({ host, startedAt: "2026-11-25T12:00:00Z" }) as ProxiedRequest;

describe("the last requests through the proxy", () => {
  it("have new ones in front, each once, and at most 100", () => {
    const shown = Array.from({ length: 99 }, (_, index) => request(`old${index}`));
    const next = inFront([request("new2"), request("new1"), request("old0")], shown);
    expect(next.map(({ host }) => host).slice(0, 4)).toEqual(["new2", "new1", "old0", "old1"]);
    expect(next).toHaveLength(100);
  });
});

describe("a new webhook", () => {
  it("is that of what its address names", () => {
    const { target, targetId } = newDraft({ actor: "abc" });
    expect([target, targetId]).toEqual(["actor", "abc"]);
    expect(newDraft({ task: "t" }).target).toBe("task");
    expect(newDraft()).toMatchObject({ target: "actor", targetId: "" });
  });
});
