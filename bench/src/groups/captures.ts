import { captureInput, captureNames } from "../inputs/captures.ts";
import type { Group } from "../subject.ts";
import { readingSubjects } from "./reading.ts";

const PIECE = 65_536;

/** Reading of what real clients and servers sent. */
export const capturesGroup: Group = {
  name: "captures",
  prepare: (announce) => captureNames().flatMap((name) => readingSubjects(captureInput(name), PIECE, announce)),
};
