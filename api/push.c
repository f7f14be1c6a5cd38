/* push.c - ingestion, decoding, spooling and the answer of one push */
#include "api/push.h"

#include <event2/buffer.h>
#include <inttypes.h>

#include "api/context.h"
#include "api/db.h"
#include "api/durable.h"
#include "api/key_memory.h"
#include "api/push_body.h"
#include "api/push_once.h"
#include "api/query_workers.h"
#include "base/clock.h"
#include "base/mem.h"
#include "sources/decompress.h"

/* up to here a plain body is decoded on the loop, sooner than a worker has it */
#define LOOP_BYTES_MAX ((size_t)8 * 1024)
/* up to here lines are copied, so that small appends share a write */
#define COPY_BYTES_MAX ((size_t)32 * 1024)
#define INGESTION_NAME_MAX 200

/* and what was answered to the same push before */
static const char ingestion_sql[] =
	"SELECT i.id, r.records, r.bytes, r.rejected"
	" FROM (SELECT siftd.push_ingestion($1, $2, $3) AS id) AS i"
	" LEFT JOIN siftd.push_replies AS r ON r.project_id = $1 AND r.key_hash = $4"
	"  AND r.created_at > now() - interval '1 day'";

static const char *const kind_names[PUSH_KINDS] = {
	[PUSH_LINES] = "lines",     [PUSH_LOKI] = "loki", [PUSH_OTLP] = "otlp",
	[PUSH_ELASTIC] = "elastic", [PUSH_HEC] = "hec",
};

/* of a request, in its arena */
struct push {
	const struct push_protocol *protocol;
	struct slice index;
	struct slice name; /* of the ingestion */
	struct push_verdict verdict;
	bool has_hash; /* of its Idempotency-Key, while it is under way */
	struct token_hash hash;
};

/* a body on its way through a decoder; a worker's from submit to done */
struct decoding {
	struct request *request; /* the loop's; NULL: the client has gone */
	struct query_job *job;
	push_decode_fn *decode;
	struct evbuffer *evbuffer;
	struct push_body body;
	struct buf space;   /* the plain body, when it was packed */
	struct arena arena; /* of what input points at */
	struct push_input input;
	struct push_lines lines;
	enum push_status status;
};

bool push_has_type(const struct request *request, const char *type)
{
	const char *given = request_header(request, "Content-Type");
	struct slice wanted = slice_str(type);

	return given != NULL &&
	       slice_equal_nocase(slice_head(slice_str(given), wanted.len), wanted);
}

/* of a push that does not get as far as the spool */
static void end_once(struct request *request)
{
	struct push *push = request->state;

	if (push->has_hash)
		push_once_end(request->api->push_once, &push->hash);
	push->has_hash = false;
}

static void note_failure(const struct request *request)
{
	const struct http_origin origin = { .project_id = request->caller.project_id,
					    .way = HTTP_WAY_PUSH };

	http_tally_fail(request->api->deps.tally, &origin, clock_monotonic_us());
}

static void refuse_push(struct request *request, int status, const char *detail)
{
	const struct push *push = request->state;

	end_once(request);

	request->api->push_stats->refused[push->protocol->kind]++;
	if (status == 503)
		note_failure(request);
	if (status == 503 || status == 409)
		request_set_header(request, "Retry-After", "2");
	push->protocol->refuse(request, status, detail);
}

static void accept_push(struct request *request)
{
	const struct push *push = request->state;
	struct push_stats *stats = request->api->push_stats;
	enum push_kind kind = push->protocol->kind;

	stats->accepted[kind]++;
	stats->records[kind] += push->verdict.count;
	stats->rejected[kind] += push->verdict.rejected;
	stats->answer_us[kind] +=
		(uint64_t)(clock_monotonic_us() - request->started_us);
	push->protocol->accept(request, &push->verdict);
}

static void on_durable(struct request *request, enum durable_status status,
		       const struct durable_lines *lines)
{
	(void)lines; /* the verdict tells more */
	if (status == DURABLE_OK)
		accept_push(request);
	else
		refuse_push(request, 503, durable_detail(status));
}

static void note_verdict(struct request *request, const struct decoding *decoding)
{
	struct push *push = request->state;
	const struct push_lines *lines = &decoding->lines;

	push->verdict = (struct push_verdict){
		.count = lines->count,
		.bytes = lines->bytes,
		.rejected = lines->rejected,
		.rejection =
			arena_dup(&request->arena, slice_str(lines->rejection.text)),
		.items = arena_dup(&request->arena, buf_slice(&lines->items)),
		.protobuf = decoding->input.protobuf,
		.ingestion_id = request->caller.ingestion_id,
	};
}

static void store(struct request *request, struct decoding *decoding)
{
	struct push *push = request->state;
	struct push_lines *lines = &decoding->lines;
	struct spool_owned owned = { lines->text.data, mem_free };
	struct durable_lines durable = {
		.text = buf_slice(&lines->text),
		.owned = &owned,
		.count = (int64_t)lines->count,
		.bytes = (int64_t)lines->bytes,
		.count_later = true,
		.has_hash = push->has_hash,
		.hash = push->hash,
		.once = request->api->push_once,
		.rejected = (int64_t)lines->rejected,
	};

	note_verdict(request, decoding);
	if (lines->count == 0) {
		end_once(request);
		accept_push(request);
		return;
	}
	push->has_hash = false; /* the append's */
	if (durable.text.len <= COPY_BYTES_MAX)
		durable.owned = NULL;
	durable_append(request, &durable, on_durable);
	if (owned.release == NULL)
		lines->text = (struct buf){ 0 };
}

static void end_decoding(struct decoding *decoding)
{
	struct request *request = decoding->request;

	if (request == NULL)
		return;
	request_on_cancel(request, NULL, NULL);
	switch (decoding->status) {
	case PUSH_OK:
		store(request, decoding);
		break;
	case PUSH_MALFORMED:
		refuse_push(request, 400, decoding->lines.error.text);
		break;
	case PUSH_TOO_LARGE:
		refuse_push(
			request, 413,
			"This is more than one request may hold; send it in parts.");
		break;
	}
}

static void decoding_free(struct decoding *decoding)
{
	push_lines_deinit(&decoding->lines);
	buf_deinit(&decoding->space);
	arena_deinit(&decoding->arena);
	if (decoding->evbuffer != NULL)
		evbuffer_free(decoding->evbuffer);
	mem_free(decoding);
}

static void decode(struct decoding *decoding)
{
	struct push_lines *lines = &decoding->lines;
	struct push_body *body = &decoding->body;

	/* into one piece, which the loop is spared when it is large */
	body->bytes = slice_of((const char *)evbuffer_pullup(decoding->evbuffer, -1),
			       evbuffer_get_length(decoding->evbuffer));
	decoding->status = push_body_open(body, &decoding->space, &decoding->input.body,
					  &lines->error);
	if (decoding->status == PUSH_OK)
		decoding->status = decoding->decode(&decoding->input, lines);
}

static void run(struct query_job *job, void *context)
{
	(void)job; /* bounded by the body: not worth to be cancelled */
	decode(context);
}

static void finish(void *context, bool cancelled)
{
	struct decoding *decoding = context;

	if (!cancelled)
		end_decoding(decoding);
	decoding_free(decoding);
}

static void cancel(void *context)
{
	struct decoding *decoding = context;

	end_once(decoding->request); /* nothing of it is stored */
	decoding->request = NULL;
	query_job_cancel(decoding->job);
}

/* a copy that outlives the request */
static struct slice kept(struct decoding *decoding, struct slice text)
{
	return text.len == 0 ? SLICE("") : arena_dup(&decoding->arena, text);
}

static struct decoding *decoding_new(struct request *request)
{
	const struct push *push = request->state;
	const struct push_protocol *protocol = push->protocol;
	const struct api_config *config = &request->api->config;
	const struct query *query = &request->query;
	struct decoding *decoding = mem_calloc(1, sizeof(*decoding));

	decoding->request = request;
	decoding->decode = protocol->decode;
	decoding->input.protobuf = protocol->has_protobuf &&
				   push_has_type(request, "application/x-protobuf");
	decoding->input.index = kept(decoding, push->index);
	decoding->input.host = kept(decoding, query_get(query, "host"));
	decoding->input.source = kept(decoding, query_get(query, "source"));
	decoding->input.sourcetype = kept(decoding, query_get(query, "sourcetype"));
	decoding->body.snappy = decoding->input.protobuf && protocol->has_snappy;
	decoding->body.bytes_max = config->body_bytes_max;
	/* JSON around records, and its escapes, make more of them */
	decoding->lines.bytes_max = config->body_bytes_max * 4;
	decoding->lines.record_bytes_max = config->record_bytes_max;
	decoding->evbuffer = request_take_body(request);
	return decoding;
}

static bool is_small(const struct decoding *decoding)
{
	unsigned char begin[4] = { 0 };
	ssize_t got = evbuffer_copyout(decoding->evbuffer, begin, sizeof(begin));

	return evbuffer_get_length(decoding->evbuffer) <= LOOP_BYTES_MAX &&
	       !decoding->body.snappy && got >= 0 &&
	       decompress_is_plain(slice_of((const char *)begin, (size_t)got));
}

static void begin_decoding(struct request *request)
{
	struct decoding *decoding = decoding_new(request);

	if (decoding->evbuffer == NULL) {
		decoding_free(decoding);
		refuse_push(request, 503, "There is no memory for the body.");
		return;
	}
	if (is_small(decoding)) {
		decode(decoding);
		end_decoding(decoding);
		decoding_free(decoding);
		return;
	}
	decoding->job =
		query_workers_submit(request->api->deps.workers, run, finish, decoding);
	if (decoding->job == NULL) {
		decoding_free(decoding);
		refuse_push(request, 503, "Too many pushes are being decoded.");
		return;
	}
	request_on_cancel(request, cancel, decoding);
}

/* the same push was answered before */
static void repeat_answer(struct request *request, const struct pg_rows *rows)
{
	struct push *push = request->state;

	end_once(request);
	push->verdict = (struct push_verdict){
		.count = (uint64_t)pg_rows_int(rows, 0, 1),
		.bytes = (uint64_t)pg_rows_int(rows, 0, 2),
		.rejected = (uint64_t)pg_rows_int(rows, 0, 3),
		.rejection = SLICE("as it was said before"),
		.ingestion_id = request->caller.ingestion_id,
	};
	request_set_header(request, "Idempotent-Replayed", "true");
	push->protocol->accept(request, &push->verdict);
}

static void on_ingestion(struct request *request, const struct pg_rows *rows)
{
	const struct push *push = request->state;
	struct slice id = pg_rows_slice(rows, 0, 0);

	if (id.ptr == NULL) {
		refuse_push(
			request, 422,
			"The project has too many ingestions of type push: name one "
			"that exists, or delete some.");
		return;
	}
	request->caller.ingestion_id = pg_rows_int(rows, 0, 0);
	key_memory_keep_place(request->api->key_memory, request->caller.project_id,
			      push->name, request->caller.ingestion_id,
			      clock_monotonic_us());
	if (pg_rows_slice(rows, 0, 1).ptr != NULL)
		repeat_answer(request, rows);
	else
		begin_decoding(request);
}

/* the encodings that push_body_open tells by itself, and snappy where it is a must */
static bool known_encoding(const struct request *request)
{
	static const char *const known[] = { "identity", "gzip", "x-gzip", "zstd",
					     "snappy" };
	const char *encoding = request_header(request, "Content-Encoding");

	if (encoding == NULL || encoding[0] == '\0')
		return true;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (slice_equal_nocase(slice_str(encoding), slice_str(known[i])))
			return true;
	}
	return false;
}

/* by the query string, by the key, or by the protocol; false: 422 was answered */
static bool ingestion_name(struct request *request, struct slice *out)
{
	const struct push *push = request->state;
	const char *kind = kind_names[push->protocol->kind];

	if (!request_query_text(request, "ingestion", out))
		return false;
	if (out->len > INGESTION_NAME_MAX) {
		refuse_push(request, 422,
			    "The name of an ingestion has 200 bytes at most.");
		return false;
	}
	if (out->len == 0)
		*out = request->caller.key_id != 0 ? request->caller.key_name
						   : slice_str(kind);
	return true;
}

/* false: it was answered */
static bool begin_once(struct request *request, struct slice ingestion)
{
	struct push *push = request->state;
	const char *key = request_header(request, "Idempotency-Key");
	struct buf text = { 0 };
	enum push_once_place place = PUSH_ONCE_BEGUN;

	if (!push->protocol->once || key == NULL || key[0] == '\0')
		return true;
	buf_printf(&text, "%" PRId64 " ", request->caller.project_id);
	buf_append_slice(&text, ingestion);
	buf_append_char(&text, '\0');
	buf_append_str(&text, key);
	token_hash(buf_slice(&text), &push->hash);
	buf_deinit(&text);
	place = push_once_begin(request->api->push_once, request->caller.project_id,
				&push->hash, clock_monotonic_us());
	push->has_hash = place == PUSH_ONCE_BEGUN;
	if (place == PUSH_ONCE_UNDER_WAY)
		refuse_push(request, 409,
			    "A push with this Idempotency-Key is under way.");
	else if (place == PUSH_ONCE_FULL)
		refuse_push(request, 503,
			    "Too many pushes with an Idempotency-Key are under way.");
	return push->has_hash;
}

/* into the ingestion that is known from before; false: the database is to be asked,
 * as it is for what was answered under an Idempotency-Key */
static bool begin_known(struct request *request, bool away)
{
	const struct push *push = request->state;
	int64_t id = 0;

	if (!push->has_hash)
		id = key_memory_find_place(request->api->key_memory,
					   request->caller.project_id, push->name, away,
					   clock_monotonic_us());
	if (id == 0)
		return false;
	request->caller.ingestion_id = id;
	begin_decoding(request);
	return true;
}

static bool begin_while_away(struct request *request)
{
	if (!begin_known(request, true))
		refuse_push(request, 503, "The database is away.");
	return true;
}

void push_start(struct request *request, const struct push_protocol *protocol,
		struct slice index)
{
	struct push *push = request_alloc(request, sizeof(*push));
	struct db_call call = { .sql = ingestion_sql,
				.done = on_ingestion,
				.away = begin_while_away };

	*push = (struct push){ .protocol = protocol, .index = index };
	request->state = push;
	if (!known_encoding(request)) {
		refuse_push(request, 415, "Of encodings gzip and zstd are understood.");
		return;
	}
	if (!ingestion_name(request, &push->name) || !begin_once(request, push->name))
		return;
	if (begin_known(request, false))
		return;
	db_add_int(request, &call, request->caller.project_id);
	db_add_text(&call, push->name);
	db_add_int(request, &call, PUSH_INGESTIONS_MAX);
	db_add_bytes(&call, push->has_hash ? slice_of((const char *)push->hash.bytes,
						      sizeof(push->hash.bytes))
					   : (struct slice){ 0 });
	db_run(request, &call);
}

void push_write_metrics(const struct push_stats *stats, struct buf *out)
{
	static const char *const types[] = {
		"# TYPE siftd_push_requests_total counter\n",
		"# TYPE siftd_push_records_total counter\n",
		"# TYPE siftd_push_answer_seconds_sum counter\n",
	};

	buf_append_str(out, types[0]);
	for (unsigned i = 0; i < PUSH_KINDS; i++)
		buf_printf(out,
			   "siftd_push_requests_total{protocol=\"%s\","
			   "outcome=\"accepted\"} %" PRIu64 "\n"
			   "siftd_push_requests_total{protocol=\"%s\","
			   "outcome=\"refused\"} %" PRIu64 "\n",
			   kind_names[i], stats->accepted[i], kind_names[i],
			   stats->refused[i]);
	buf_append_str(out, types[1]);
	for (unsigned i = 0; i < PUSH_KINDS; i++)
		buf_printf(out,
			   "siftd_push_records_total{protocol=\"%s\","
			   "outcome=\"accepted\"} %" PRIu64 "\n"
			   "siftd_push_records_total{protocol=\"%s\","
			   "outcome=\"rejected\"} %" PRIu64 "\n",
			   kind_names[i], stats->records[i], kind_names[i],
			   stats->rejected[i]);
	buf_append_str(out, types[2]);
	for (unsigned i = 0; i < PUSH_KINDS; i++)
		buf_printf(out, "siftd_push_answer_seconds_sum{protocol=\"%s\"} %.6f\n",
			   kind_names[i], (double)stats->answer_us[i] / 1e6);
}
