// file_drop.tsx - where a file is dropped, or chosen
import { useId, useState, type DragEvent } from "react";
import { bytes } from "../lib/format";

export function FileDrop({ file, onFile }: { file: File | null; onFile: (file: File) => void }) {
  const id = useId();
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const dropped = event.dataTransfer.files[0];
    if (dropped) onFile(dropped);
  };
  return (
    <div
      className={over ? "file-drop over" : "file-drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <label htmlFor={id}>
        {file ? (
          <>
            <strong>{file.name}</strong> <span className="dim">{bytes(file.size)}</span>
          </>
        ) : (
          "Drop a log file here, or choose one:"
        )}
      </label>
      <input
        id={id}
        type="file"
        onChange={(event) => {
          const chosen = event.target.files?.[0];
          if (chosen) onFile(chosen);
        }}
      />
      <p className="hint">Any size; plain, gzip or zstd. Large files go in parts and survive a broken connection.</p>
    </div>
  );
}
