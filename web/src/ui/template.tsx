// template.tsx - a group's template with its variables marked, and text with a part lit up
const VARIABLE = /(<[a-z_][a-z0-9_]*>|<\*>)/i;

export function Template({ text }: { text: string }) {
  return (
    <span className="template">
      {text.split(VARIABLE).map((part, i) =>
        i % 2 === 1 ? (
          <span key={i} className="variable">
            {part.slice(1, -1)}
          </span>
        ) : (
          part
        ),
      )}
    </span>
  );
}

/** Marks what was looked for, in any case. */
export function Marked({ text, find }: { text: string; find: string }) {
  if (find === "") return <>{text}</>;
  const parts: { text: string; hit: boolean }[] = [];
  const lower = text.toLowerCase();
  const needle = find.toLowerCase();
  let from = 0;
  // some letters change their length in lower case: then nothing is marked
  for (let at = lower.length === text.length ? lower.indexOf(needle) : -1; at >= 0; at = lower.indexOf(needle, from)) {
    parts.push({ text: text.slice(from, at), hit: false }, { text: text.slice(at, at + needle.length), hit: true });
    from = at + needle.length;
  }
  parts.push({ text: text.slice(from), hit: false });
  return <>{parts.map((part, i) => (part.hit ? <mark key={i}>{part.text}</mark> : part.text))}</>;
}
