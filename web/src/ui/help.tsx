// help.tsx - the keys
import { Dialog } from "./dialog";

const KEYS: [string, string][] = [
  ["j  k", "next and previous row"],
  ["Enter", "open the row"],
  ["Esc", "close what is open; leave a field"],
  ["/", "search"],
  ["e  m", "in a list of groups: resolve, mute"],
  ["p", "in the live tail: pause and go on"],
  ["1  2  3  4", "overview, events, groups, findings"],
  ["?", "this list"],
];

export function Help({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} title="Keys" onClose={onClose}>
      <table className="plain-table">
        <tbody>
          {KEYS.map(([keys, what]) => (
            <tr key={keys}>
              <th scope="row">
                {keys.split("  ").map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        Everything here is also in the <a href="/openapi.yaml">HTTP interface</a> and the <a href="/metrics">metrics</a>.
      </p>
    </Dialog>
  );
}
