/* status.c - probes and metrics */
#include "api/status.h"

#include <inttypes.h>

#include "api/context.h"
#include "api/db.h"
#include "api/limiter.h"
#include "base/embedded.h"

/* made by embed.cmake; api/openapi.yaml is the only one */
extern const struct embedded_file api_documents[];

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static void reply_status(struct request *request, const char *status)
{
	struct json_out out = json_out_init(&request->out);

	json_object_begin(&out);
	json_key_string(&out, "status", slice_str(status));
	json_key_string(&out, "version", slice_str(request->api->deps.version));
	json_object_end(&out);
	request_reply_json(request, 200);
}

void status_health(struct request *request)
{
	reply_status(request, "ok");
}

static void on_ready(struct request *request, const struct pg_rows *rows)
{
	(void)rows; /* that it answered is enough */
	reply_status(request, "ready");
}

void status_ready(struct request *request)
{
	struct db_call call = { .sql = "SELECT 1", .done = on_ready };

	if (!request->api->ready) {
		request_unavailable(request, "Starting.");
		return;
	}
	db_run(request, &call);
}

void status_version(struct request *request)
{
	struct json_out out = json_out_init(&request->out);

	json_object_begin(&out);
	json_key_string(&out, "version", slice_str(request->api->deps.version));
	json_object_end(&out);
	request_reply_json(request, 200);
}

static void write_own_metrics(const struct api_context *api, struct buf *out)
{
	const struct request_stats *stats = api->stats;

	buf_append_str(out, "# TYPE siftd_http_requests_total counter\n");
	for (unsigned i = 1; i < ARRAY_LEN(stats->answered); i++)
		buf_printf(out,
			   "siftd_http_requests_total{class=\"%uxx\"} %" PRIu64 "\n", i,
			   stats->answered[i]);
	buf_printf(out,
		   "# TYPE siftd_http_requests_abandoned_total counter\n"
		   "siftd_http_requests_abandoned_total %" PRIu64 "\n"
		   "# TYPE siftd_http_requests_open gauge\n"
		   "siftd_http_requests_open %" PRIu64 "\n"
		   "# TYPE siftd_http_throttled_total counter\n"
		   "siftd_http_throttled_total %" PRIu64 "\n"
		   "# TYPE siftd_http_limiter_forgotten_total counter\n"
		   "siftd_http_limiter_forgotten_total %" PRIu64 "\n",
		   stats->abandoned, stats->open, stats->throttled,
		   limiter_forgotten(api->limiter));
}

void status_metrics(struct request *request)
{
	const struct api_context *api = request->api;

	buf_printf(&request->out,
		   "# TYPE siftd_build_info gauge\n"
		   "siftd_build_info{version=\"%s\"} 1\n",
		   api->deps.version);
	write_own_metrics(api, &request->out);
	if (api->deps.metrics != NULL)
		api->deps.metrics(api->deps.metrics_context, &request->out);
	request_reply(request, 200, METRICS_TYPE);
}

void status_openapi(struct request *request)
{
	buf_append_slice(&request->out, api_documents[0].bytes);
	request_reply(request, 200, "application/yaml");
}
