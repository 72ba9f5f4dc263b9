// Where a version is on its way, as a tag and as the chain of review.

import { Steps, Tag } from "antd";
import type { VersionHead } from "../api/client.ts";
import { useLanguage, word } from "../words/index.tsx";

const COLOURS: Record<string, string> = { returned: "error", approved: "success", withdrawn: "default", replaced: "default" };

export function StateTag({ version }: { version: VersionHead }) {
  const { words } = useLanguage();
  const phase = version.state === "approved" ? ` · ${word(words.phase, version.phase)}` : "";
  return <Tag variant="outlined" color={COLOURS[version.state] ?? "processing"}>{word(words.ruleState, version.state)}{phase}</Tag>;
}

const CHAIN = ["draft", "legally_passed", "submitted", "first_passed", "approved"] as const;

/** How far a returned version had come: whoever was the last to let it pass is named. */
function reached(version: VersionHead): number {
  const place = CHAIN.indexOf(version.state as (typeof CHAIN)[number]);
  if (place >= 0) return place;
  if (version.first_passed_by) return 3;
  if (version.submitted_by) return 2;
  return version.legally_passed_by ? 1 : 0;
}

export function Chain({ version }: { version: VersionHead }) {
  const { words } = useLanguage();
  const at = reached(version);
  const stopped = ["returned", "withdrawn", "replaced"].includes(version.state);
  const people = [version.authors.join("、"), version.legally_passed_by, version.submitted_by, version.first_passed_by, version.approved_by];
  return (
    <Steps
      size="small"
      current={stopped ? at + 1 : at}
      status={stopped ? "error" : version.state === "approved" ? "finish" : "process"}
      items={CHAIN.map((stage, index) => ({ title: word(words.ruleState, stage), content: people[index] ?? "" }))}
    />
  );
}
