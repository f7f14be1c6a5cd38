// App.tsx - shows the screen that the address names, inside the frame when somebody is logged in
import { useEffect } from "react";
import { matchPath, navigate, usePath } from "./lib/router";
import { useSession } from "./lib/session";
import { routes, type Route } from "./routes";
import { Frame } from "./ui/frame";
import { Empty, ErrorBox, Loading } from "./ui/states";

function find(path: string): { route: Route; params: Record<string, string> } | null {
  for (const route of routes) {
    const params = matchPath(route.path, path);
    if (params) return { route, params };
  }
  return null;
}

/** Sends people to the login, and back to where they wanted to be. */
function ToLogin() {
  const path = usePath();
  useEffect(() => {
    const wanted = path + window.location.search;
    navigate(wanted === "/" ? "/login" : `/login?next=${encodeURIComponent(wanted)}`, "replace");
  }, [path]);
  return null;
}

export function App() {
  const path = usePath();
  const { state, refresh } = useSession();
  const found = find(path);
  const title = found?.route.title ?? "Not found";

  useEffect(() => {
    document.title = title === "siftd" ? title : `${title} · siftd`;
  }, [title]);

  if (found?.route.isPublic) return <main className="public">{found.route.view(found.params)}</main>;
  switch (state.kind) {
    case "unknown":
      return <Loading what="Asking siftd who you are" />;
    case "away":
      return (
        <main className="public">
          <ErrorBox error={state.error} retry={() => void refresh()} />
        </main>
      );
    case "out":
      return <ToLogin />;
    case "in":
      return (
        <Frame>
          {found ? (
            // keyed, so that nothing of another project's screen is left on this one
            <div key={`${found.route.path}:${Object.values(found.params).join("/")}`}>{found.route.view(found.params)}</div>
          ) : (
            <Empty title="There is no such screen">The address may be mistyped, or from another version of siftd.</Empty>
          )}
        </Frame>
      );
  }
}
