// types.ts - what siftd answers; the schemas of api/openapi.yaml, by the same names
export * from "./types_common";
export * from "./types_findings";
export * from "./types_insights";
export * from "./types_logs";
export * from "./types_people";
