// A workbook of one sheet as the files of its package (ECMA-376): a header that stays, a filter, numbers as numbers. Text
// stands in its cell and is never a formula.

export type Cell = string | number | null;

const NS = "http://schemas.openxmlformats.org";
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
/** What a cell may hold, by Excel's own bound, signs. */
const MOST_SIGNS = 32_767;
/** Widths of columns, signs. */
const [NARROW, WIDE] = [8, 48];
/** Rows that are looked at for them. */
const LOOKED_AT = 200;

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text: string) => text.slice(0, MOST_SIGNS).replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, "").replace(/[&<>"]/g, (sign) => ESCAPES[sign] ?? sign);

/** A, B … Z, AA …; from 0. */
export function columnName(index: number): string {
  return (index >= 26 ? columnName(Math.floor(index / 26) - 1) : "") + String.fromCharCode(65 + (index % 26));
}

function cell(value: Cell, place: string, style: number): string {
  if (value === null) return "";
  if (typeof value === "number") return `<c r="${place}" s="${style}"><v>${value}</v></c>`;
  return `<c r="${place}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${escape(value)}</t></is></c>`;
}

/** Chinese signs are as wide as two others. */
const width = (value: Cell) => [...String(value ?? "")].reduce((sum, sign) => sum + (sign > "\u2E80" ? 2 : 1), 0);

function sheet(header: string[], lines: Cell[][]): string {
  const last = columnName(header.length - 1);
  const rows = [header, ...lines].map((line, row) => `<row r="${row + 1}">${line.map((value, column) => cell(value, `${columnName(column)}${row + 1}`, row === 0 ? 1 : 0)).join("")}</row>`);
  const columns = header.map((title, column) => {
    const widest = Math.max(width(title), ...lines.slice(0, LOOKED_AT).map((line) => width(line[column] ?? null)));
    return `<col min="${column + 1}" max="${column + 1}" width="${Math.max(NARROW, Math.min(WIDE, widest + 2))}" customWidth="1"/>`;
  });
  return `${HEAD}<worksheet xmlns="${NS}/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`
    + `<cols>${columns.join("")}</cols><sheetData>${rows.join("")}</sheetData><autoFilter ref="A1:${last}${lines.length + 1}"/></worksheet>`;
}

/** Its files by path. */
export function workbook(name: string, header: string[], lines: Cell[][]): Record<string, string> {
  const part = (path: string, type: string) => `<Override PartName="${path}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.${type}+xml"/>`;
  const relation = (id: number, type: string, target: string) => `<Relationship Id="rId${id}" Type="${NS}/officeDocument/2006/relationships/${type}" Target="${target}"/>`;
  const relations = (...all: string[]) => `${HEAD}<Relationships xmlns="${NS}/package/2006/relationships">${all.join("")}</Relationships>`;
  return {
    "[Content_Types].xml": `${HEAD}<Types xmlns="${NS}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>`
      + `${part("/xl/workbook.xml", "sheet.main")}${part("/xl/worksheets/sheet1.xml", "worksheet")}${part("/xl/styles.xml", "styles")}</Types>`,
    "_rels/.rels": relations(relation(1, "officeDocument", "xl/workbook.xml")),
    "xl/workbook.xml": `${HEAD}<workbook xmlns="${NS}/spreadsheetml/2006/main" xmlns:r="${NS}/officeDocument/2006/relationships"><sheets><sheet name="${escape(name)}" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": relations(relation(1, "worksheet", "worksheets/sheet1.xml"), relation(2, "styles", "styles.xml")),
    "xl/styles.xml": `${HEAD}<styleSheet xmlns="${NS}/spreadsheetml/2006/main"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>`
      + '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
      + '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs></styleSheet>',
    "xl/worksheets/sheet1.xml": sheet(header, lines),
  };
}
