// @vitest-environment node
import { expect, it } from "vitest";
import { textOfTask } from "@/pages/tasks/TasksTable";
import { textOfWebhook } from "@/pages/webhooks/WebhookTable";
import { containing } from "@/ui/useListSearch";

const NAMES = ["Crawler", "hello", "hello-again"];

it("a search finds the rows that contain its text, in any case and without spaces around it", () => {
  const found = (text: string) => containing(NAMES, (name) => name, text);
  expect(found("")).toEqual(NAMES);
  expect(found(" HELLO ")).toEqual(["hello", "hello-again"]);
  expect(found("crawl")).toEqual(["Crawler"]);
  expect(found("nothing")).toEqual([]);
});

it("tasks are found by their name and their Actor, webhooks by target, event and condition", () => {
  expect(textOfTask({ name: "greet-ada", actName: "hello" } as never)).toBe("greet-ada hello");
  const webhook = {
    id: "w1",
    requestUrl: "http://a.test/",
    eventTypes: ["ACTOR.RUN.FAILED"],
    condition: { actorId: "a1" },
  };
  expect(textOfWebhook(webhook as never)).toMatch(/^w1 http:\/\/a\.test\/ .*failed a1$/i);
});
