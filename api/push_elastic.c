/* push_elastic.c - answers as Elasticsearch gives them */
#include "api/push_elastic.h"

#include "api/push.h"
#include "base/clock.h"

/* what clients of version 8 accept without complaint */
#define VERSION "8.12.0"

/* without it the official clients refuse to talk */
static void reply(struct request *request, int status)
{
	request_set_header(request, "X-Elastic-Product", "Elasticsearch");
	request_reply_json(request, status);
}

static void reply_text(struct request *request, struct slice json)
{
	buf_append_slice(&request->out, json);
	reply(request, 200);
}

static void accept_bulk(struct request *request, const struct push_verdict *verdict)
{
	struct json_out out = json_out_init(&request->out);
	int64_t took_us = clock_monotonic_us() - request->started_us;

	json_object_begin(&out);
	json_key_int(&out, "took", took_us / 1000);
	json_key_bool(&out, "errors", verdict->rejected > 0);
	json_key(&out, "items");
	json_raw(&out, verdict->items);
	json_object_end(&out);
	reply(request, 200);
}

static void refuse(struct request *request, int status, const char *detail)
{
	struct json_out out = json_out_init(&request->out);

	buf_clear(&request->out);
	json_object_begin(&out);
	json_key(&out, "error");
	json_object_begin(&out);
	json_key_string(&out, "type",
			status == 503 ? SLICE("es_rejected_execution_exception")
				      : SLICE("illegal_argument_exception"));
	json_key_string(&out, "reason", slice_str(detail));
	json_object_end(&out);
	json_key_int(&out, "status", status);
	json_object_end(&out);
	reply(request, status);
}

static void accept_document(struct request *request, const struct push_verdict *verdict)
{
	struct json_out out = json_out_init(&request->out);

	if (verdict->count == 0) {
		refuse(request, 413, "the document is too long");
		return;
	}
	json_object_begin(&out);
	json_key_string(&out, "_index", route_param(&request->params, "index"));
	json_key_string(&out, "_id", slice_str(request->id));
	json_key_int(&out, "_version", 1);
	json_key_string(&out, "result", SLICE("created"));
	json_object_end(&out);
	reply(request, 201);
}

/* empty: the path names none */
static struct slice index_of(const struct request *request)
{
	struct slice index = route_param(&request->params, "index");

	return index.ptr == NULL ? SLICE("") : index;
}

void push_elastic_bulk(struct request *request)
{
	static const struct push_protocol protocol = {
		.kind = PUSH_ELASTIC,
		.decode = push_elastic_decode_bulk,
		.accept = accept_bulk,
		.refuse = refuse,
	};

	push_start(request, &protocol, index_of(request));
}

void push_elastic_document(struct request *request)
{
	static const struct push_protocol protocol = {
		.kind = PUSH_ELASTIC,
		.decode = push_elastic_decode_document,
		.accept = accept_document,
		.refuse = refuse,
	};

	push_start(request, &protocol, index_of(request));
}

void push_elastic_root(struct request *request)
{
	reply_text(request,
		   SLICE("{\"name\":\"siftd\",\"cluster_name\":\"siftd\","
			 "\"cluster_uuid\":\"siftd\",\"version\":{\"number\":\"" VERSION
			 "\",\"build_flavor\":\"default\",\"build_type\":\"deb\","
			 "\"build_hash\":\"siftd\",\"build_snapshot\":false,"
			 "\"lucene_version\":\"9.9.1\","
			 "\"minimum_wire_compatibility_version\":\"7.17.0\","
			 "\"minimum_index_compatibility_version\":\"7.0.0\"},"
			 "\"tagline\":\"You Know, for Search\"}"));
}

void push_elastic_license(struct request *request)
{
	reply_text(request,
		   SLICE("{\"license\":{\"status\":\"active\",\"uid\":\"siftd\","
			 "\"type\":\"basic\",\"issued_to\":\"siftd\","
			 "\"issuer\":\"siftd\"}}"));
}

/* without lifecycle policies, so that nobody waits for one */
void push_elastic_xpack(struct request *request)
{
	reply_text(
		request,
		SLICE("{\"build\":{\"hash\":\"siftd\"},\"license\":{\"uid\":\"siftd\","
		      "\"type\":\"basic\",\"mode\":\"basic\",\"status\":\"active\"},"
		      "\"features\":{\"ilm\":{\"available\":true,\"enabled\":false},"
		      "\"security\":{\"available\":true,\"enabled\":true}}}"));
}

void push_elastic_cluster(struct request *request)
{
	reply_text(request,
		   SLICE("{\"cluster_name\":\"siftd\",\"status\":\"green\","
			 "\"timed_out\":false,\"number_of_nodes\":1,"
			 "\"number_of_data_nodes\":1,\"active_primary_shards\":1,"
			 "\"active_shards\":1,\"relocating_shards\":0,"
			 "\"initializing_shards\":0,\"unassigned_shards\":0}"));
}

void push_elastic_found(struct request *request)
{
	reply_text(request, SLICE("{}"));
}

void push_elastic_acknowledge(struct request *request)
{
	reply_text(request, SLICE("{\"acknowledged\":true}"));
}
