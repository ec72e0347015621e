import { isObject, type Json, type JsonObject } from "@/json/exact";

export type ProxyDraft = {
  mode: "none" | "automatic" | "groups" | "custom";
  groups: string[];
  country: string;
  /** URLs of custom proxies, one a line. */
  urls: string;
};

export function formatProxy(value: Json | undefined): ProxyDraft {
  const proxy = isObject(value) ? value : {};
  const groups = texts(proxy.apifyProxyGroups);
  const urls = texts(proxy.proxyUrls);
  const country = typeof proxy.apifyProxyCountry === "string" ? proxy.apifyProxyCountry : "";
  const mode = proxy.useApifyProxy ? (groups.length > 0 ? "groups" : "automatic") : urls.length > 0 ? "custom" : "none";
  return { mode, groups, country, urls: urls.join("\n") };
}

/** The value for the server. Properties that this editor does not know stay as they are in `before`. */
export function parseProxy(draft: ProxyDraft, before: Json | undefined): Json {
  const { apifyProxyGroups, apifyProxyCountry, proxyUrls, ...others } = isObject(before) ? before : ({} as JsonObject);
  const proxy: JsonObject = { ...others, useApifyProxy: draft.mode === "automatic" || draft.mode === "groups" };
  if (draft.mode === "groups") proxy.apifyProxyGroups = draft.groups;
  if (proxy.useApifyProxy && draft.country !== "") proxy.apifyProxyCountry = draft.country;
  if (draft.mode === "custom") proxy.proxyUrls = draft.urls.split(/\s+/).filter((url) => url !== "");
  return proxy;
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
}
