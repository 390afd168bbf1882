import { AmfDate, AmfEcmaArray, AmfObject, type AmfValue, AmfXml, amfUnsupported } from "@millrace/core/amf";
import { expect, it } from "vitest";
import { amfToJson } from "../../src/inspect/amf-json.ts";
import { amfText } from "../../src/inspect/amf-text.ts";

const everything: AmfValue[] = [
  "live",
  -0.5,
  Number.NaN,
  true,
  null,
  undefined,
  amfUnsupported,
  new AmfDate(0),
  new AmfDate(Number.NaN),
  new AmfXml("<a/>"),
  [1, [2]],
  AmfObject.of({ app: "live", "two words": 1 }),
  AmfObject.of({ x: 1 }, "Point"),
  AmfEcmaArray.of({ __proto__x: 1 }),
];

it("writes all kinds of values on one line", () => {
  expect(amfText(everything, 1000)).toBe(
    '"live" -0.5 NaN true null undefined unsupported 1970-01-01T00:00:00.000Z invalid date xml("<a/>") ' +
      '[1, [2]] {app: "live", "two words": 1} Point {x: 1} {__proto__x: 1}',
  );
});

it("writes them as JSON", () => {
  expect(JSON.stringify(amfToJson(everything))).toBe(
    '["live",-0.5,"NaN",true,null,null,null,"1970-01-01T00:00:00.000Z",null,"<a/>",' +
      '[1,[2]],{"app":"live","two words":1},{"x":1},{"__proto__x":1}]',
  );
  const named = new AmfObject(new Map([["__proto__", 1]]));
  expect(JSON.stringify(amfToJson([named]))).toBe('[{"__proto__":1}]');
});

it("shows control characters and does not obey them", () => {
  const hostile = new AmfObject(new Map([["\u001b[2J", "\u009b2J\n"]]), "\u0007");
  expect(amfText([hostile], 100)).toBe('\\u0007 {"\\u001b[2J": "\\u009b2J\\n"}');
});

it("ends at a value that lies inside itself", () => {
  const array: AmfValue[] = [1];
  const object = AmfObject.of({ array });
  array.push(object);
  expect(amfText([object, object], 100)).toBe("{array: [1, (cycle)]} {array: [1, (cycle)]}");
  expect(amfToJson([object])).toEqual([{ array: [1, "(cycle)"] }]);
});

it("is bounded although references stand for more values than there are atoms", () => {
  let value: AmfValue[] = [1];
  for (let depth = 0; depth < 60; depth++) value = Array<AmfValue>(10).fill(value);
  expect(amfText([value], 200)).toHaveLength(200);
  expect(JSON.stringify(amfToJson([value])).length).toBeLessThan(1_000_000);
  expect(amfText(["x".repeat(1_000_000)], 50)).toBe(`"${"x".repeat(48)}…`);
});
