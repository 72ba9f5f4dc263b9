// The language of the screen: Chinese first, English by a switch, kept in this browser.

import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import type { Lang } from "../pure/time.ts";
import { en } from "./en.ts";
import { zh, type Words } from "./zh.ts";

const KEPT = "xiezhi.lang";

interface Language {
  lang: Lang;
  words: Words;
  change: (lang: Lang) => void;
}

const Context = createContext<Language>({ lang: "zh", words: zh, change: () => undefined });

/** A link may name the language: `?lang=en`. */
function first(): Lang {
  const asked = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem(KEPT);
  return asked === "en" ? "en" : "zh";
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [lang, setLang] = useState<Lang>(first);
  const words = lang === "en" ? en : zh;
  useEffect(() => {
    localStorage.setItem(KEPT, lang);
    document.documentElement.lang = lang === "en" ? "en" : "zh-CN";
  }, [lang]);
  const value = useMemo(() => ({ lang, words, change: setLang }), [lang, words]);
  return <Context value={value}>{children}</Context>;
}

export const useLanguage = (): Language => use(Context);

/** `{name}` in a text replaced by its value. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** A word of a closed vocabulary; one that is not known here stands as it is. */
export function word(of: Record<string, string>, key: string): string {
  return of[key] ?? key;
}

/** A name in the language of the screen. */
export function named(name: { zh: string; en?: string | null }, lang: Lang): string {
  return lang === "en" ? (name.en ?? name.zh) : name.zh;
}
