// Where an order is, where an alarm is with people, and whose time is over: by a word before a colour.

import { ClockCircleOutlined } from "@ant-design/icons";
import { Tag } from "antd";
import { useLanguage, word } from "../words/index.tsx";

const COLOURS: Record<string, string> = { replied: "warning", returned: "error", revoked: "success", upheld: "success", withdrawn: "default" };

export function StageTag({ stage }: { stage: string }) {
  const { words } = useLanguage();
  return <Tag variant="outlined" color={COLOURS[stage] ?? "processing"}>{word(words.orders.stage, stage)}</Tag>;
}

export function LateTag() {
  const { words } = useLanguage();
  return <Tag variant="outlined" color="error" icon={<ClockCircleOutlined />}>{words.orders.late}</Tag>;
}
