// A page's name, in the page and on the browser's tab.

import { useEffect, type ReactNode } from "react";
import { useLanguage } from "../words/index.tsx";

export function Title({ text, before, children }: { text: string; before?: ReactNode; children?: ReactNode }) {
  const { words } = useLanguage();
  useEffect(() => {
    document.title = `${text} · ${words.brand}`;
  }, [text, words.brand]);
  return <div className="title"><h1>{before}{text}</h1>{children}</div>;
}
