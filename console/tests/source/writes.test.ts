import { expect, it } from "vitest";
import { type Control, writingControls } from "./writes";

/** Controls that only seem to write to the server. */
const HARMLESS: ReadonlySet<string> = new Set([
  "start/InputPanel: <Button onClick={reset}>", // `start.reset` only forgets an error
  'pages/server/LoginCard: <Button onClick={() => act(() => cancelLogin(login), "canceled")}>', // to the apify command
]);

it("each control that writes is disabled while the server does not answer", () => {
  const controls = writingControls();
  const shown = ({ text, line }: Control) => `${text}, line ${line}`;
  expect(controls.length).toBeGreaterThan(20);
  expect(controls.filter((each) => !each.needsServer && !HARMLESS.has(each.text)).map(shown)).toEqual([]);
});
