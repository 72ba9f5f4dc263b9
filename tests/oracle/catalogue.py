"""The catalogue directory, read with as little interpretation as will do."""
import csv
from pathlib import Path

import yaml

from workdays import WorkCalendar, parse_date


def load_yaml(path):
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


class Catalogue:
    def __init__(self, items, calendar, officers, regions=None):
        self.items = items              # code -> the item as in its file
        self.calendar = calendar
        self.officers = officers        # officer id -> list of register rows
        self.regions = regions or {}    # name of a region -> the codes of those called so


def load(directory):
    root = Path(directory)
    settings = load_yaml(root / "catalogue.yaml") if (root / "catalogue.yaml").exists() else {}

    items = {}
    for path in sorted((root / "items").glob("*.yaml")):
        item = load_yaml(path)
        items[item["code"]] = item

    holidays, workdays = [], []
    for path in sorted((root / "calendar").glob("*.yaml")):
        year = load_yaml(path)
        holidays += [parse_date(d) for d in year.get("holidays") or []]
        workdays += [parse_date(d) for d in year.get("workdays") or []]
    calendar = WorkCalendar(settings.get("time_zone") or "Asia/Shanghai", settings.get("office_hours"),
                            holidays, workdays)

    regions = {}
    if (root / "orgs.yaml").exists():
        for org in load_yaml(root / "orgs.yaml"):
            if org["name"].endswith("人民政府") and org.get("region"):
                regions.setdefault(org["name"].removesuffix("人民政府"), []).append(str(org["region"]))

    officers = {}
    register = root / "officers.csv"
    if register.exists():
        with register.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                officers.setdefault(row["officer_id"], []).append(row)
    return Catalogue(items, calendar, officers, regions)
