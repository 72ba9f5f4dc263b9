// Where it begins: language, cache, theme, addresses.

import { MutationCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { App as AntApp, ConfigProvider } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { isPassing } from "./api/queries.ts";
import { Console } from "./console.tsx";
import { theme } from "./theme.ts";
import { LanguageProvider, useLanguage } from "./words/index.tsx";

/** The library's lock of a page behind a dialog is a style element without the nonce that it is given: all are signed where they are made. */
function signStyles(nonce: string): void {
  const make = document.createElement.bind(document);
  document.createElement = (name: string, options?: ElementCreationOptions) => {
    const element = make(name, options);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    return element;
  };
}

const client = new QueryClient({
  defaultOptions: { queries: { staleTime: 10_000, retry: isPassing, refetchOnWindowFocus: true } },
  mutationCache: new MutationCache({ onSuccess: () => void client.invalidateQueries() }),
});

/** The server's word that the component library's own style elements are ours. */
const nonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";
signStyles(nonce);

function Root() {
  const { lang } = useLanguage();
  return (
    <ConfigProvider locale={lang === "en" ? enUS : zhCN} theme={theme} csp={{ nonce }} button={{ autoInsertSpace: false }} wave={{ disabled: true }}>
      <AntApp>
        <Console />
      </AntApp>
    </ConfigProvider>
  );
}

const place = document.getElementById("root");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <LanguageProvider>
          <BrowserRouter>
            <Root />
          </BrowserRouter>
        </LanguageProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
