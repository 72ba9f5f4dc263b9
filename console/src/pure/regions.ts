// Regions of GB/T 2260 as a tree. A region's name is its government's, where the catalogue has one.

export interface RegionCount {
  /** Empty: none. */
  region: string;
  count: number;
  link: string;
}

export interface RegionNode {
  region: string;
  depth: number;
  count: number;
  /** With all below it. */
  total: number;
  link: string | null;
}

const GOVERNMENT = "人民政府";

export function regionName(region: string, orgs: { name: string; region?: string | null }[]): string {
  const seat = orgs.find((org) => org.region === region && org.name.endsWith(GOVERNMENT));
  return seat ? seat.name.slice(0, -GOVERNMENT.length) : region;
}

/** 370000 has level 0, 370100 level 1, 370102 level 2; what is no code stands alone. */
function level(region: string): number {
  if (!/^\d{6}$/.test(region)) return 0;
  return region.endsWith("0000") ? 0 : region.endsWith("00") ? 1 : 2;
}

function isBelow(region: string, top: string): boolean {
  if (!/^\d{6}$/.test(region) || !/^\d{6}$/.test(top) || region === top) return false;
  return level(top) < 2 && region.startsWith(top.slice(0, level(top) === 0 ? 2 : 4));
}

/** Parents before children, each with the sum of what is below it. */
export function regionTree(counts: RegionCount[]): RegionNode[] {
  const sorted = [...counts].sort((a, b) => (a.region < b.region ? -1 : 1));
  return sorted.map(({ region, count, link }) => {
    const below = sorted.filter((other) => isBelow(other.region, region)).reduce((sum, other) => sum + other.count, 0);
    const depth = sorted.filter((other) => isBelow(region, other.region)).length;
    return { region, depth, count, total: count + below, link };
  });
}
