// The frame around every page: who has signed in, where one can go, the language.

import { AlertOutlined, ApiOutlined, AuditOutlined, DashboardOutlined, FileProtectOutlined, IdcardOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { lazy, Suspense, useEffect, useRef } from "react";
import { Link, NavLink, Navigate, Route, Routes, useLocation } from "react-router";
import { Failure, type Me } from "./api/client.ts";
import { useMe, useTodo } from "./api/queries.ts";
import { Answered, Loading, Trouble } from "./parts/basic.tsx";
import { LiveProvider, LiveSign } from "./parts/live.tsx";
import { NamesProvider } from "./parts/names.tsx";
import { useLanguage, word } from "./words/index.tsx";

const Overview = lazy(() => import("./pages/overview.tsx"));
const Alarms = lazy(() => import("./pages/alarms.tsx"));
const AlarmPage = lazy(() => import("./pages/alarm.tsx"));
const CasePage = lazy(() => import("./pages/case.tsx"));
const Rules = lazy(() => import("./pages/rules.tsx"));
const RulePage = lazy(() => import("./pages/rule.tsx"));
const Orders = lazy(() => import("./pages/orders.tsx"));
const OrderPage = lazy(() => import("./pages/order.tsx"));
const OrderDocument = lazy(() => import("./pages/order_document.tsx"));
const Registers = lazy(() => import("./pages/registers.tsx"));
const Sources = lazy(() => import("./pages/sources.tsx"));

/** Where to go on after signing in, kept in this tab. */
const RETURN = "xiezhi.return";

export function Console() {
  const me = useMe();
  if (me.error instanceof Failure && me.error.status === 401) return <SignIn />;
  return <Answered of={me}>{(person) => (person.sees.alarms || person.sees.rules ? <LiveProvider><Frame me={person} /></LiveProvider> : <Frame me={person} />)}</Answered>;
}

function Language() {
  const { words, lang, change } = useLanguage();
  return <Button type="text" className="language" lang={lang === "zh" ? "en" : "zh-CN"} onClick={() => change(lang === "zh" ? "en" : "zh")}>{words.language}</Button>;
}

function Brand() {
  const { words } = useLanguage();
  return (
    <Link to="/" className="brand">
      <img src="/favicon.svg" width="28" height="28" alt="" />
      <strong>{words.brand}</strong>
      <span>{words.title}</span>
    </Link>
  );
}

function SignIn() {
  const { words } = useLanguage();
  const { pathname, search } = useLocation();
  const said = words.signIn;
  useEffect(() => {
    document.title = `${said.title} · ${words.brand}`;
  }, [said.title, words.brand]);
  return (
    <div className="sign-in">
      <main className="card">
        <Brand />
        <h1>{said.title}</h1>
        <p>{said.what}</p>
        <p>
          <Button type="primary" size="large" href="/session/login" autoFocus onClick={() => sessionStorage.setItem(RETURN, pathname + search)}>{said.button}</Button>
        </p>
        <p className="small"><a href="/plain">{said.plain}</a> <Language /></p>
      </main>
    </div>
  );
}

function Frame({ me }: { me: Me }) {
  const { words } = useLanguage();
  const location = useLocation();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    // A page that is come to by the keyboard begins at its beginning.
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
  }, [location.pathname]);
  const waiting = sessionStorage.getItem(RETURN);
  if (waiting !== null) {
    sessionStorage.removeItem(RETURN);
    if (waiting !== "/" && location.pathname === "/") return <Navigate to={waiting} replace />;
  }
  const { sees } = me;
  const operates = sees.pipeline || sees.dead_letters || sees.incidents;
  const pages = [
    { to: "/", shown: sees.alarms, icon: <DashboardOutlined />, name: words.nav.overview },
    { to: "/alarms", shown: sees.alarms, icon: <AlertOutlined />, name: words.nav.alarms },
    { to: "/orders", shown: sees.todo, icon: <FileProtectOutlined />, name: words.nav.orders, badge: <Waiting enabled={sees.todo} /> },
    { to: "/rules", shown: sees.rules, icon: <AuditOutlined />, name: words.nav.rules },
    { to: "/registers", shown: sees.registers, icon: <IdcardOutlined />, name: words.nav.registers },
    { to: "/sources", shown: operates, icon: <ApiOutlined />, name: words.nav.sources },
  ].filter((page) => page.shown);
  return (
    <NamesProvider>
      <a className="skip" href="#main">{words.skip}</a>
      <header className="top">
        <Brand />
        <nav aria-label={words.nav.menu}>
          {pages.map((page) => <NavLink key={page.to} to={page.to} end={page.to === "/"}>{page.icon}<span>{page.name}</span>{page.badge}</NavLink>)}
        </nav>
        <div className="person">
          {(sees.alarms || sees.rules) && <LiveSign />}
          <Language />
          {me.id !== null && me.id !== undefined && (
            <>
              <span className="person-name">{me.name}<small>{[...new Set(me.grants.map((grant) => word(words.role, grant.role)))].join(" · ")}</small></span>
              <a href="/session/logout">{words.signOut}</a>
            </>
          )}
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <Suspense fallback={<Loading />}>
          {pages.length === 0 ? <Denied /> : (
            <Routes>
              <Route path="/" element={sees.alarms ? <Overview /> : <Navigate to="/sources" replace />} />
              <Route path="/alarms" element={<Alarms me={me} />} />
              <Route path="/alarms/:id" element={<AlarmPage me={me} />} />
              <Route path="/cases/:id" element={<CasePage me={me} />} />
              <Route path="/orders" element={<Orders me={me} />} />
              <Route path="/orders/:id" element={<OrderPage me={me} />} />
              <Route path="/orders/:id/document" element={<OrderDocument />} />
              <Route path="/registers" element={<Registers me={me} />} />
              <Route path="/rules" element={<Rules me={me} />} />
              <Route path="/rules/:id" element={<RulePage me={me} />} />
              <Route path="/sources" element={<Sources me={me} />} />
              <Route path="*" element={<Trouble error={new Failure(404, {})} />} />
            </Routes>
          )}
        </Suspense>
      </main>
    </NamesProvider>
  );
}

/** How much waits for the person, beside the name of the page where it stands. */
function Waiting({ enabled }: { enabled: boolean }) {
  const { words } = useLanguage();
  const { data } = useTodo(enabled);
  const count = data?.mine.count ?? 0;
  return count > 0 ? <span className="count" title={words.orders.lists.mine}>{count}</span> : null;
}

function Denied() {
  const { words } = useLanguage();
  return <section className="card"><h1>{words.signIn.denied}</h1><p>{words.signIn.deniedWhat}</p></section>;
}
