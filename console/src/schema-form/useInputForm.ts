import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { parseJson } from "@/editor/jsonErrors";
import type { CodeError } from "@/editor/types";
import { isObject, type Json, type JsonObject, writeJson } from "@/json/exact";
import { checkInput } from "./checks";
import { NO_PROBLEMS, type Problems } from "./problems";
import { type InputSchema, initialInput } from "./schema";

const VALIDATE_AFTER_MILLIS = 400;

/** Sends an input to the server to validate it. Returns the problems, or null if it is valid. */
export type Validate = (input: JsonObject, signal: AbortSignal) => Promise<Problems | null>;

export type InputForm = {
  schema: InputSchema | null;
  input: JsonObject;
  view: "form" | "json";
  /** The text of the JSON view, and its error. While there is one, the form is locked. */
  text: string;
  jsonError: CodeError | null;
  problems: Problems;
  /** Where the input comes from, such as "Filled from the schema's prefill"; null after a change. */
  source: string | null;
  /** Changes whenever the whole input is replaced, so that editors forget their drafts. */
  generation: number;
  setField: (name: string, value: Json | undefined) => void;
  /** Sets the problem of a text that stands for no value. It ends when the field gets a value. */
  setDraftProblem: (name: string, problem: string) => void;
  setView: (view: "form" | "json") => void;
  setText: (text: string) => void;
  replace: (input: JsonObject, source: string) => void;
  showProblems: (problems: Problems) => void;
};

type State = {
  input: JsonObject;
  text: string;
  jsonError: CodeError | null;
  source: string | null;
  generation: number;
};

/** The state of a form and of its JSON, which mirror each other. `first` is the input to begin with. */
export function useInputForm(
  schema: InputSchema | null,
  first: JsonObject,
  source: string,
  validate: Validate,
): InputForm {
  const [state, setState] = useState<State>(() => stateOf(first, source, 0));
  const [view, setView] = useState<"form" | "json">(schema === null ? "json" : "form");
  const [drafts, setDrafts] = useState<Record<string, string>>({});
  const [verdict, setVerdict] = useVerdict(state.input, state.jsonError === null, validate);

  const setField = useCallback((name: string, value: Json | undefined) => {
    setState((before) => {
      const { [name]: _, ...others } = before.input;
      const input = value === undefined ? others : { ...before.input, [name]: value };
      return { ...before, input, text: textOf(input), source: null };
    });
    setDrafts(({ [name]: _, ...others }) => others);
  }, []);
  const setDraftProblem = useCallback((name: string, problem: string) => {
    setDrafts((before) => ({ ...before, [name]: problem }));
  }, []);
  const changeView = useCallback((next: InputForm["view"]) => {
    setView(next);
    if (next === "json") setDrafts({}); // the editors of the form are gone, and their drafts with them
  }, []);
  const setText = useCallback((text: string) => {
    setState((before) => afterText(before, text));
    setDrafts({});
  }, []);
  const replace = useCallback((input: JsonObject, origin: string) => {
    setState((before) => stateOf(input, origin, before.generation + 1));
    setDrafts({});
  }, []);
  const problems = useMemo(() => merged(schema, state.input, drafts, verdict), [schema, state.input, drafts, verdict]);
  return {
    schema,
    ...state,
    view,
    problems,
    setField,
    setDraftProblem,
    setView: changeView,
    setText,
    replace,
    showProblems: setVerdict,
  };
}

/** What the server replies about the latest input; `undefined` until it has replied. */
function useVerdict(input: JsonObject, isParsed: boolean, validate: Validate) {
  const [verdict, setVerdict] = useState<Problems | null | undefined>(undefined);
  const latest = useRef(validate);
  useEffect(() => {
    latest.current = validate;
  });
  useEffect(() => {
    if (!isParsed) return;
    const aborting = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const reply = await latest.current(input, aborting.signal);
        if (!aborting.signal.aborted) setVerdict(reply);
      } catch {
        if (!aborting.signal.aborted) setVerdict(undefined); // starting the run will report it
      }
    }, VALIDATE_AFTER_MILLIS);
    return () => {
      clearTimeout(timer);
      aborting.abort();
    };
  }, [input, isParsed]);
  return [verdict, setVerdict] as const;
}

function merged(
  schema: InputSchema | null,
  input: JsonObject,
  drafts: Record<string, string>,
  verdict: Problems | null | undefined,
): Problems {
  if (verdict === null || verdict === undefined) {
    return { fields: drafts, others: NO_PROBLEMS.others };
  }
  const checked = schema === null ? {} : checkInput(schema, input);
  return { fields: { ...checked, ...verdict.fields, ...drafts }, others: verdict.others };
}

function stateOf(input: JsonObject, source: string, generation: number): State {
  return { input, text: textOf(input), jsonError: null, source, generation };
}

function afterText(before: State, text: string): State {
  const { value, error } = text.trim() === "" ? { value: {}, error: null } : parseJson(text);
  if (error !== null) return { ...before, text, jsonError: error, source: null };
  if (!isObject(value)) {
    const jsonError = { message: "The input must be an object: { ... }", line: 1, column: 1 };
    return { ...before, text, jsonError, source: null };
  }
  return { input: value, text, jsonError: null, source: null, generation: before.generation + 1 };
}

function textOf(input: JsonObject): string {
  return writeJson(input, 2);
}

/** The words for where the first input of a schema comes from. */
export function sourceOf(schema: InputSchema | null): string {
  const fields = Object.values(schema?.properties ?? {});
  if (fields.some(({ prefill }) => prefill !== undefined)) return "Filled from the schema’s prefill";
  return Object.keys(initialInput(schema)).length > 0 ? "Filled from the schema’s defaults" : "";
}
