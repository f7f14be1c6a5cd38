// Findings.tsx - what the rules found, worst first
import { read } from "../api/calls";
import { SEVERITIES, type Finding, type FindingStatus, type Severity } from "../api/types";
import { usePages } from "../api/use_query";
import { compact, exact, percent, plural } from "../lib/format";
import { usePlace } from "../lib/place";
import { usePrefs } from "../lib/prefs";
import { Link, navigate, useParams } from "../lib/router";
import { useSelection } from "../lib/use_selection";
import { Ago, Button, ScreenHead, Select, SeverityTag, Tag } from "../ui/basic";
import { Empty, ErrorBox, Loading } from "../ui/states";

const SEVERITY_CHOICES: readonly (readonly [Severity | "", string])[] = [
  ["", "any severity"],
  ...SEVERITIES.map((one) => [one, one] as const),
];
const STATUS_CHOICES: readonly (readonly [FindingStatus | "", string])[] = [
  ["", "any status"],
  ["open", "open"],
  ["acknowledged", "acknowledged"],
  ["regressed", "regressed"],
  ["resolved", "resolved"],
  ["muted", "muted"],
  ["provisional", "provisional"],
];

const STATUS_KINDS: Record<FindingStatus, string> = {
  open: "warn",
  acknowledged: "new",
  regressed: "bad",
  resolved: "ok",
  muted: "plain",
  provisional: "plain",
};

export function FindingTag({ status }: { status: FindingStatus }) {
  return (
    <Tag kind={STATUS_KINDS[status]} {...(status === "provisional" ? { title: "Judged before its window was complete; it may change" } : {})}>
      {status}
    </Tag>
  );
}

function where(finding: Finding): string {
  const named = [...finding.services, ...finding.hosts].filter((name) => name !== "");
  return named.slice(0, 3).join(", ") + (named.length > 3 ? ` +${named.length - 3}` : "");
}

function Row({ finding, index, chosen, to }: { finding: Finding; index: number; chosen: boolean; to: string }) {
  return (
    <tr data-row={index} className={chosen ? "chosen" : ""}>
      <td>
        <SeverityTag severity={finding.severity} />
      </td>
      <td>
        <Link to={to}>{finding.title}</Link> {finding.active && <Tag kind="bad" title="It may still grow">going on</Tag>}
        <div className="dim mono">
          {finding.rule}
          {finding.key !== "" && ` · ${finding.key}`}
        </div>
      </td>
      <td className="num">{compact(finding.total_occurrences)}×</td>
      <td className="dim">{where(finding)}</td>
      <td>
        <FindingTag status={finding.status} />
      </td>
      <td className="nowrap dim" title={`first ${exact(finding.first_seen)}`}>
        <Ago ts={finding.last_seen} />
        {finding.episodes > 1 && <div>{plural(finding.episodes, "episode")}</div>}
      </td>
      <td className="num dim" title="How sure the rule is">
        {percent(finding.confidence)}
      </td>
    </tr>
  );
}

export function Findings() {
  usePrefs();
  const { scope, projectPath } = usePlace();
  const [params, change] = useParams();
  const severity = SEVERITY_CHOICES.find(([one]) => one === params.get("severity"))?.[0] ?? "";
  const status = STATUS_CHOICES.find(([one]) => one === params.get("status"))?.[0] ?? "";
  const rule = params.get("rule") ?? "";
  const pages = usePages(read.findings(scope, { severity, status, rule }));
  const to = (finding: Finding): string => `${scope}/findings/${finding.id}`;
  const [chosen] = useSelection(pages.items.length, (index) => {
    const finding = pages.items[index];
    if (finding) navigate(to(finding));
  });
  return (
    <>
      <ScreenHead title="Findings" note="what the rules found, worst first">
        {rule !== "" && (
          <button type="button" className="chip mono" onClick={() => change({ rule: undefined })} aria-label={`Without: rule ${rule}`}>
            rule {rule} <span aria-hidden="true">✕</span>
          </button>
        )}
        <Select label="Severity" hideLabel value={severity} options={SEVERITY_CHOICES} onChange={(value) => change({ severity: value })} />
        <Select label="Status" hideLabel value={status} options={STATUS_CHOICES} onChange={(value) => change({ status: value })} />
      </ScreenHead>
      <ErrorBox error={pages.error} retry={pages.reload} />
      {pages.loading && <Loading />}
      {!pages.loading && pages.items.length === 0 && !pages.error && (
        <Empty title="No findings">
          {severity === "" && status === "" && rule === "" ? <>No rule matched anything yet. <Link to={`${projectPath}/rules`}>The rules</Link></> : "None matches these filters."}
        </Empty>
      )}
      {pages.items.length > 0 && (
        <div className="panel table-wrap">
          <table className="data-table">
            <thead>
              <tr>
                <th scope="col">Severity</th>
                <th scope="col">Finding</th>
                <th scope="col" className="num">Occurred</th>
                <th scope="col">Where</th>
                <th scope="col">Status</th>
                <th scope="col">Last</th>
                <th scope="col" className="num">Sure</th>
              </tr>
            </thead>
            <tbody>
              {pages.items.map((finding, index) => (
                <Row key={finding.id} finding={finding} index={index} chosen={index === chosen} to={to(finding)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {pages.hasMore && (
        <div className="more-rows">
          <Button busy={pages.loadingMore} onClick={pages.more}>
            More
          </Button>
        </div>
      )}
    </>
  );
}
