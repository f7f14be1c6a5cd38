// shipper_settings.tsx - what to paste into a shipper so that it sends here
import { useState } from "react";
import { shippers } from "../lib/shippers";
import { CopyButton } from "./basic";

export function ShipperSettings({ projectPath, secret }: { projectPath: string; secret: string | null }) {
  const all = shippers(window.location.origin, projectPath, secret ?? "YOUR_KEY");
  const [name, setName] = useState(all[0]?.name ?? "");
  const chosen = all.find((one) => one.name === name) ?? all[0];
  if (!chosen) return null;
  return (
    <div className="panel-body stack">
      <div className="filter-row" role="group" aria-label="Shipper">
        {all.map((one) => (
          <button
            key={one.name}
            type="button"
            className={one.name === chosen.name ? "button pressed" : "button"}
            aria-pressed={one.name === chosen.name}
            onClick={() => setName(one.name)}
          >
            {one.name}
          </button>
        ))}
      </div>
      <div className="raw-head">
        <span className="dim">{chosen.file}</span>
        <CopyButton text={chosen.settings} />
      </div>
      <pre className="raw settings" tabIndex={0} aria-label={`Settings for ${chosen.name}`}>
        {chosen.settings}
      </pre>
    </div>
  );
}
