/* channels.c - making channels, testing them, and how they fare */
#include "api/channels.h"

#include "api/body.h"
#include "api/context.h"
#include "api/list.h"
#include "api/token.h"
#include "sinks/channel_seal.h"

#define NAME_BYTES_MAX 200
#define URL_BYTES_MAX 2000
#define SECRET_BYTES_MIN 8
#define SECRET_BYTES_MAX 2000
#define RATE_MAX 600
#define DIGEST_MAX 86400
#define TOPIC_BYTES_MAX 249
#define PAGERDUTY_URL "https://events.pagerduty.com/v2/enqueue"

static const char *const kind_words[] = { "webhook",   "slack", "alertmanager",
					  "pagerduty", "kafka", NULL };
static const char *const severity_words[] = { "LOW", "MED", "HIGH", "CRIT", NULL };

#define CHANNEL_COLUMNS                                                                                 \
	"id, name, kind, server,"                                                                       \
	" secret <> '', severity_min, rate_max, digest_s, " SQL_TIME_US("created_at") ", " SQL_TIME_US( \
		"last_sent_at") ", last_status, nullif(last_error, ''),"                                \
				" sent, failed, dropped, (SELECT count(*) FROM siftd.outbox AS o"       \
				"  WHERE o.channel_id = c.id AND o.state = 'waiting'), " SQL_TIME_US(   \
					"CASE WHEN paused_until > now() THEN paused_until END")

static const struct column columns[] = {
	{ "id", COLUMN_INT },
	{ "name", COLUMN_TEXT },
	{ "kind", COLUMN_TEXT },
	{ "server", COLUMN_TEXT },
	{ "has_secret", COLUMN_BOOL },
	{ "severity_min", COLUMN_SEVERITY },
	{ "rate_max", COLUMN_INT },
	{ "digest_seconds", COLUMN_INT },
	{ "created_at", COLUMN_TIME },
	{ "last_sent_at", COLUMN_TIME },
	{ "last_status", COLUMN_INT },
	{ "last_error", COLUMN_TEXT },
	{ "sent", COLUMN_INT },
	{ "failed", COLUMN_INT },
	{ "dropped", COLUMN_INT },
	{ "waiting", COLUMN_INT },
	{ "paused_until", COLUMN_TIME },
	{ "deliveries", COLUMN_JSON }, /* of one channel only */
};

#define LIST_COLUMNS (ARRAY_LEN(columns) - 1)

static const struct list channel_list = {
	.sql = "SELECT " CHANNEL_COLUMNS " FROM siftd.channels AS c"
	       " WHERE project_id = $1 AND id > $2 ORDER BY id LIMIT $3",
	.columns = columns,
	.columns_count = LIST_COLUMNS,
	.kind = 'h',
};

static const char get_sql[] =
	"SELECT " CHANNEL_COLUMNS ", (SELECT coalesce(json_agg(json_build_object("
	"  'id', dedup_key || '/' || kind, 'kind', kind, 'state', state,"
	"  'attempts', attempts, 'error', nullif(error, ''), 'created_at', created_at,"
	"  'done_at', done_at) ORDER BY id DESC), '[]') FROM (SELECT * FROM siftd.outbox"
	"  WHERE channel_id = c.id ORDER BY id DESC LIMIT 50) AS newest)"
	" FROM siftd.channels AS c WHERE project_id = $1 AND id = $2";

static const char create_sql[] =
	"INSERT INTO siftd.channels AS c (project_id, name, kind, url, secret,"
	"  severity_min, rate_max, digest_s, user_id, server, key_id)"
	" SELECT $1, $2, $3, $4, coalesce($5, ''), $6::smallint, $7::integer,"
	"  $8::integer, $9, $10, $11 WHERE (SELECT count(*) FROM siftd.channels"
	"   WHERE project_id = $1) < " CHANNELS_MAX " RETURNING " CHANNEL_COLUMNS;

/* the outbox keeps a few of them apart by their time */
static const char test_sql[] =
	"INSERT INTO siftd.outbox AS o (project_id, channel_id, dedup_key, kind, payload)"
	" SELECT c.project_id, c.id, 'siftd/test/' || c.id || '/' ||"
	"  (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, 'test',"
	"  jsonb_build_object('title', 'siftd can reach this channel',"
	"   'severity', 'LOW', 'project', (SELECT name FROM siftd.projects WHERE id = $1))"
	" FROM siftd.channels AS c WHERE c.project_id = $1 AND c.id = $2"
	" RETURNING o.dedup_key || '/test'";

void channels_list(struct request *request)
{
	struct db_call call = { .sql = channel_list.sql };

	db_add_int(request, &call, request->caller.project_id);
	list_run(request, &channel_list, &call);
}

struct new_channel {
	struct slice name, kind, url, secret, severity;
	int64_t rate_max, digest_s;
	char made_secret[TOKEN_TEXT_SIZE];
};

static bool is_kind(const struct new_channel *channel, const char *kind)
{
	return channel->kind.ptr != NULL && slice_equal(channel->kind, slice_str(kind));
}

static bool begins_with(struct slice text, struct slice start)
{
	return text.ptr != NULL && text.len > start.len &&
	       slice_equal(slice_head(text, start.len), start);
}

/* as Kafka has them */
static bool is_topic(struct slice name)
{
	static const char bytes[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

	for (size_t i = 0; i < name.len; i++) {
		if (memchr(bytes, name.ptr[i], sizeof(bytes) - 1) == NULL)
			return false;
	}
	return name.len > 0 && name.len <= TOPIC_BYTES_MAX;
}

static void check_topic(struct body *body, const struct new_channel *channel)
{
	if (!begins_with(channel->url, SLICE("kafka:")) ||
	    !is_topic(slice_from(channel->url, strlen("kafka:"))))
		body_complain(body, "url", "must be kafka: and a topic's name");
	if (channel->secret.ptr != NULL)
		body_complain(body, "secret",
			      "belongs to notify.kafka_properties of siftd's "
			      "configuration");
}

static void check_url(struct body *body, struct new_channel *channel)
{
	if (channel->url.ptr == NULL && is_kind(channel, "pagerduty"))
		channel->url = SLICE(PAGERDUTY_URL);
	if (is_kind(channel, "kafka")) {
		check_topic(body, channel);
		return;
	}
	if (!begins_with(channel->url, SLICE("http://")) &&
	    !begins_with(channel->url, SLICE("https://")))
		body_complain(body, "url", "must begin with http:// or https://");
}

/* a webhook is signed always: a secret is made where none was given */
static void check_secret(struct body *body, struct new_channel *channel)
{
	if (channel->secret.ptr != NULL)
		return;
	if (is_kind(channel, "pagerduty"))
		body_complain(body, "secret",
			      "must be the routing key of the integration");
	if (is_kind(channel, "webhook")) {
		token_make(channel->made_secret);
		channel->secret = slice_str(channel->made_secret);
	}
}

/* false: it was answered */
static bool read_channel(struct request *request, struct new_channel *out)
{
	struct body body = { 0 };

	if (!body_read(request, &body))
		return false;
	out->name =
		body_string(&body, "name", (struct body_bounds){ 1, NAME_BYTES_MAX });
	out->kind = body_word(&body, "kind", kind_words, NULL);
	out->url = body_string(&body, "url", (struct body_bounds){ 0, URL_BYTES_MAX });
	out->secret = body_string(&body, "secret",
				  (struct body_bounds){ 0, SECRET_BYTES_MAX });
	out->severity = body_word(&body, "severity_min", severity_words, "LOW");
	out->rate_max =
		body_int(&body, "rate_max", (struct body_range){ 1, RATE_MAX, 20 });
	out->digest_s = body_int(&body, "digest_seconds",
				 (struct body_range){ 0, DIGEST_MAX, 0 });
	if (out->secret.ptr != NULL && out->secret.len < SECRET_BYTES_MIN)
		body_complain(&body, "secret", "must have 8 bytes or more");
	check_url(&body, out);
	check_secret(&body, out);
	return body_done(&body);
}

static void on_created(struct request *request, const struct pg_rows *rows)
{
	const struct new_channel *channel = request->state;
	struct json_out out = json_out_init(&request->out);

	if (pg_rows_count(rows) == 0) {
		request_problem(request, 409,
				"The project has " CHANNELS_MAX " channels already.");
		return;
	}
	json_object_begin(&out);
	columns_write(&out, rows, 0, columns, LIST_COLUMNS);
	/* this once */
	if (channel->made_secret[0] != '\0')
		json_key_string(&out, "secret", slice_str(channel->made_secret));
	json_object_end(&out);
	request_reply_json(request, 201);
}

static struct slice seal(struct request *request, enum channel_field field,
			 struct slice plain)
{
	const struct channel_place place = { request->caller.project_id, field };
	struct buf sealed = { 0 };
	struct slice kept = { 0 };

	channel_seal(request->api->deps.keyring, &place, plain, &sealed);
	kept = arena_dup(&request->arena, buf_slice(&sealed));
	buf_deinit(&sealed);
	return kept;
}

void channels_create(struct request *request)
{
	struct new_channel *channel = request_alloc(request, sizeof(*channel));
	struct db_call call = {
		.sql = create_sql,
		.done = on_created,
		.conflict = "The project has a channel of this name already.",
	};
	int64_t severity = 0;

	*channel = (struct new_channel){ 0 };
	if (!read_channel(request, channel))
		return;
	while (!slice_equal(channel->severity, slice_str(severity_words[severity])))
		severity++;
	request->state = channel;
	db_add_int(request, &call, request->caller.project_id);
	db_add_text(&call, channel->name);
	db_add_text(&call, channel->kind);
	db_add_text(&call, seal(request, CHANNEL_URL, channel->url));
	db_add_text(&call, seal(request, CHANNEL_SECRET, channel->secret));
	db_add_int(request, &call, severity);
	db_add_int(request, &call, channel->rate_max);
	db_add_int(request, &call, channel->digest_s);
	db_add_int(request, &call, request->caller.user_id);
	db_add_text(&call, channel_server(channel->url));
	db_add_text(&call, slice_str(keyring_id(request->api->deps.keyring)));
	db_run(request, &call);
}

/* project and channel; false: answered with 404 */
static bool add_channel(struct request *request, struct db_call *call)
{
	int64_t id = 0;

	if (!query_id(route_param(&request->params, "channel"), &id)) {
		request_not_found(request, "channel");
		return false;
	}
	db_add_int(request, call, request->caller.project_id);
	db_add_int(request, call, id);
	return true;
}

void channels_get(struct request *request)
{
	static const struct object object = { .what = "channel",
					      .columns = columns,
					      .columns_count = ARRAY_LEN(columns),
					      .status = 200 };
	struct db_call call = { .sql = get_sql };

	if (add_channel(request, &call))
		object_run(request, &object, &call);
}

void channels_delete(struct request *request)
{
	struct db_call call = {
		.sql = "DELETE FROM siftd.channels WHERE project_id = $1 AND id = $2",
	};

	if (add_channel(request, &call))
		object_run_change(request, "channel", &call);
}

void channels_test(struct request *request)
{
	static const struct column test_columns[] = { { "delivery", COLUMN_TEXT } };
	static const struct object object = { .what = "channel",
					      .columns = test_columns,
					      .columns_count = 1,
					      .status = 202 };
	struct db_call call = { .sql = test_sql };

	if (add_channel(request, &call))
		object_run(request, &object, &call);
}
