// Colours with enough contrast for everybody (WCAG AA): text on white has at least 4.5 to 1.

import type { ThemeConfig } from "antd";

/** Who has asked his system for less motion gets none: shortened animations leave pop-ups where they began. */
const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;

export const theme: ThemeConfig = {
  token: {
    motion: !isStill,
    colorPrimary: "#17508f",
    colorInfo: "#17508f",
    colorLink: "#17508f", colorLinkHover: "#0f3d70", colorLinkActive: "#0f3d70",
    colorError: "#b3261e",
    colorWarning: "#8a5a00",
    colorSuccess: "#1f6b3b",
    // The library would derive grounds from dark colours that are too dark for text.
    colorErrorBg: "#fdf1f0", colorErrorBorder: "#e6b3af",
    colorWarningBg: "#fff8e6", colorWarningBorder: "#e3c98a",
    colorSuccessBg: "#eef7f1", colorSuccessBorder: "#a9cdb7",
    colorInfoBg: "#eff5fb", colorInfoBorder: "#aac6e2",
    colorText: "#1c2733",
    colorTextSecondary: "#44515f",
    colorTextTertiary: "#55616f",
    colorTextQuaternary: "#5f6b78",
    colorTextDescription: "#4a5868",
    colorTextPlaceholder: "#5f6b78",
    colorTextDisabled: "#5f6b78",
    borderRadius: 6,
    fontFamily: 'system-ui, -apple-system, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Segoe UI", sans-serif',
  },
};
