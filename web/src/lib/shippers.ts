// shippers.ts - settings of shippers with a key filled in, as docs/push.md has them

export interface Shipper {
  name: string;
  file: string;
  settings: string;
}

export function shippers(origin: string, projectPath: string, key: string): Shipper[] {
  const { hostname, port, protocol } = new URL(origin);
  const portNumber = port || (protocol === "https:" ? "443" : "80");
  const tls = protocol === "https:" ? "\n    tls                On" : "";
  return [
    {
      name: "curl",
      file: "a shell",
      settings: `curl -H "Authorization: Bearer ${key}" \\\n     --data-binary @app.log ${origin}/api/v1${projectPath}/push`,
    },
    {
      name: "siftd upload",
      file: "a shell; files of any size",
      settings: `SIFTD_KEY=${key} siftd upload --url ${origin} app.log`,
    },
    {
      name: "Fluent Bit",
      file: "fluent-bit.conf",
      settings: `[OUTPUT]\n    Name               es\n    Match              *\n    Host               ${hostname}\n    Port               ${portNumber}\n    HTTP_User          siftd\n    HTTP_Passwd        ${key}\n    Suppress_Type_Name On${tls}`,
    },
    {
      name: "OpenTelemetry",
      file: "collector configuration",
      settings: `exporters:\n  otlphttp:\n    logs_endpoint: ${origin}/v1/logs\n    headers:\n      Authorization: Bearer ${key}`,
    },
    {
      name: "Promtail",
      file: "promtail.yaml",
      settings: `clients:\n  - url: ${origin}/loki/api/v1/push\n    bearer_token: ${key}`,
    },
    {
      name: "Filebeat",
      file: "filebeat.yml",
      settings: `output.elasticsearch:\n  hosts: ["${origin}"]\n  api_key: "siftd:${key}"\nsetup.template.enabled: false\nsetup.ilm.enabled: false`,
    },
    {
      name: "rsyslog",
      file: "/etc/rsyslog.d/siftd.conf",
      settings: `module(load="omelasticsearch")\ntemplate(name="siftd" type="list") {\n  constant(value="{\\"@timestamp\\":\\"") property(name="timereported" dateFormat="rfc3339")\n  constant(value="\\",\\"host\\":\\"") property(name="hostname" format="json")\n  constant(value="\\",\\"message\\":\\"") property(name="rawmsg" format="json")\n  constant(value="\\"}")\n}\naction(type="omelasticsearch" server="${hostname}" serverport="${portNumber}" bulkmode="on"\n       uid="siftd" pwd="${key}" searchType="" template="siftd")`,
    },
    {
      name: "Docker",
      file: "docker run",
      settings: `docker run --log-driver splunk \\\n  --log-opt splunk-url=${origin} \\\n  --log-opt splunk-token=${key} ...`,
    },
  ];
}
