// NewIngestion.tsx - lines by hand: pasted text or a file, seen before it is sent
import { useEffect, useRef, useState, type FormEvent } from "react";
import { read, write } from "../api/calls";
import { useAction, useQuery } from "../api/use_query";
import { bytes } from "../lib/format";
import { usePlace } from "../lib/place";
import { navigate, useParams } from "../lib/router";
import { previewFile, previewText, uploadFile, type Preview, type Progress } from "../lib/upload";
import { Button, Field, Panel, ScreenHead } from "../ui/basic";
import { FileDrop } from "../ui/file_drop";
import { Empty, ErrorBox } from "../ui/states";

/** pasted text above this goes as a file, in parts */
const PASTE_BYTES_MAX = 4 * 1024 * 1024;

function PreviewPanel({ preview }: { preview: Preview | null }) {
  return (
    <Panel title="Preview" actions={preview?.packed != null ? <span className="dim">{preview.packed}</span> : undefined}>
      {preview === null || (preview.lines.length === 0 && preview.packed === null) ? (
        <Empty title="Nothing yet">The first 30 lines are shown here before anything is sent.</Empty>
      ) : preview.lines.length === 0 ? (
        <Empty title="Compressed">siftd unpacks it; this browser cannot show what is inside.</Empty>
      ) : (
        <ol className="preview mono" aria-label="First lines">
          {preview.lines.map((line, i) => (
            <li key={i}>{line}</li>
          ))}
          {preview.more && <li className="dim">…</li>}
        </ol>
      )}
    </Panel>
  );
}

function Sending({ progress, onStop }: { progress: Progress; onStop: () => void }) {
  return (
    <div className="sending" role="status">
      <progress max={progress.total} value={progress.sent} aria-label="Sent" />
      <span className="num">
        {bytes(progress.sent)} of {bytes(progress.total)}
      </span>
      {progress.tries > 0 && <span className="dim">trying again ({progress.tries})</span>}
      <Button onClick={onStop}>Stop</Button>
    </div>
  );
}

function usePreview(file: File | null, text: string): Preview | null {
  const [fromFile, setFromFile] = useState<Preview | null>(null);
  useEffect(() => {
    setFromFile(null);
    if (!file) return undefined;
    let wanted = true;
    void previewFile(file).then((preview) => wanted && setFromFile(preview));
    return () => {
      wanted = false;
    };
  }, [file]);
  return file ? fromFile : previewText(text);
}

export function NewIngestion() {
  const { projectPath } = usePlace();
  const [params] = useParams();
  const into = Number(params.get("into") ?? "0");
  const old = useQuery(into > 0 ? read.ingestion(projectPath, into) : null);
  const [name, setName] = useState("");
  const [text, setText] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [progress, setProgress] = useState<Progress | null>(null);
  const { busy, error, run } = useAction();
  const control = useRef<AbortController | null>(null);
  // one that was made before the sending failed is used again
  const made = useRef<number | null>(null);
  const preview = usePreview(file, text);
  useEffect(() => () => control.current?.abort(), []);

  const target = async (): Promise<number> => {
    if (into > 0) return into;
    made.current ??= (await write.createIngestion(projectPath, name || file?.name || "pasted lines", file ? "upload" : "paste")).id;
    return made.current;
  };
  const send = async (): Promise<void> => {
    const id = await target();
    const asFile = file ?? (text.length > PASTE_BYTES_MAX ? new File([text], "pasted.log") : null);
    if (asFile) {
      control.current = new AbortController();
      await uploadFile(projectPath, id, { file: asFile, signal: control.current.signal, onProgress: setProgress });
    } else {
      await write.paste(projectPath, id, text);
    }
    navigate(`${projectPath}/ingestions/${id}/overview`);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void run(send).finally(() => setProgress(null));
  };
  return (
    <>
      <ScreenHead title={into > 0 ? `Add lines to ${old.data?.name ?? "…"}` : "New ingestion"} />
      <ErrorBox error={error ?? old.error} />
      <form className="two-columns" onSubmit={submit}>
        <Panel title="Lines">
          <div className="panel-body stack">
            {into === 0 && (
              <Field label="Name" name="name" maxLength={200} placeholder={file?.name ?? "pasted lines"} value={name} onChange={(event) => setName(event.target.value)} />
            )}
            <FileDrop file={file} onFile={setFile} />
            {file ? (
              <Button onClick={() => setFile(null)}>Paste text instead</Button>
            ) : (
              <label className="stack">
                <span className="label">Or paste lines</span>
                <textarea name="text" rows={14} spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />
              </label>
            )}
            {progress ? (
              <Sending progress={progress} onStop={() => control.current?.abort()} />
            ) : (
              <Button kind="main" type="submit" busy={busy} disabled={!file && text.trim() === ""}>
                Send
              </Button>
            )}
          </div>
        </Panel>
        <PreviewPanel preview={preview} />
      </form>
    </>
  );
}
