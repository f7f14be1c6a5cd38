// Home.tsx - leads to the first project there is
import { useEffect } from "react";
import { read } from "../api/calls";
import { useQuery } from "../api/use_query";
import { Link, navigate } from "../lib/router";
import { useAccount } from "../lib/session";
import { Answer, Empty } from "../ui/states";

function FirstProject({ org }: { org: number }) {
  const query = useQuery(read.projects(org));
  const first = query.data?.items[0];
  useEffect(() => {
    if (first) navigate(`/orgs/${org}/projects/${first.id}/overview`, "replace");
  }, [org, first]);
  return (
    <Answer query={query}>
      {(page) =>
        page.items.length === 0 ? (
          <Empty title="No project yet">
            Logs belong to a project. <Link to={`/orgs/${org}/projects`}>Make the first one</Link>
          </Empty>
        ) : null
      }
    </Answer>
  );
}

export function Home() {
  const first = useAccount().organizations[0];
  if (!first)
    return <Empty title="You are in no organisation">Ask somebody to invite you, or make one on your <Link to="/account">account</Link>.</Empty>;
  return <FirstProject org={first.id} />;
}
