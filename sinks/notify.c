/* notify.c - a timer, and slots that each carry one message to its end */
#include "sinks/notify.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "sinks/http_client.h"
#include "sinks/kafka_out.h"
#include "sinks/notify_message.h"
#include "sinks/pg_pool.h"

#define SECOND_US 1000000
#define NUMBERS_MAX 8
#define NUMBER_SIZE 24
/* beyond the timeout, so that no other daemon takes what is still under way */
#define LEASE_MORE_S 30

static const char tick_sql[] = "SELECT siftd.notify_tick($1::integer, $2::integer)";
static const char claim_sql[] =
	"SELECT " CLAIM_COLUMNS " FROM siftd.claim_words($1::integer, $2::integer, $3)";
static const char finish_sql[] =
	"SELECT siftd.finish_words($1::bigint, $2::bigint[], $3::boolean, $4::boolean,"
	" $5::integer, $6, $7::integer, $8::integer)";

struct slot {
	struct notify *notify;
	struct pg_query *query;
	bool busy;
	char channel[NUMBER_SIZE];
	char *ids;
};

struct notify {
	struct notify_config config;
	char *public_url;
	const struct keyring *keyring;
	struct pg_pool *pool;
	struct http_client *client;
	struct kafka_out *kafka;
	struct event *timer;
	struct pg_query *tick;
	struct slot slots[NOTIFY_SLOTS];
	uint64_t sent, retried, given_up, closed, failures;
};

struct params {
	char texts[NUMBERS_MAX][NUMBER_SIZE];
	struct pg_param items[NUMBERS_MAX];
	size_t count;
};

static void claim(struct slot *slot);

static void add_int(struct params *params, int64_t value)
{
	char *text = params->texts[params->count];

	/* 24 bytes hold any int64 */
	(void)snprintf(text, NUMBER_SIZE, "%" PRId64, value);
	params->items[params->count++].value = slice_str(text);
}

static void add_text(struct params *params, const char *text)
{
	params->items[params->count++].value = slice_str(text);
}

static void wait_turn(struct notify *notify)
{
	const struct timeval delay = {
		.tv_sec = notify->config.interval_us / SECOND_US,
		.tv_usec = notify->config.interval_us % SECOND_US,
	};

	event_add(notify->timer, &delay);
}

static void complain(struct notify *notify, const struct pg_error *error)
{
	notify->failures++;
	log_warn("notify", "the outbox cannot be read: %s", error->error.text);
}

static void rest(struct slot *slot)
{
	slot->busy = false;
	mem_free(slot->ids);
	slot->ids = NULL;
}

static void on_finished(void *context, const struct pg_rows *rows,
			const struct pg_error *error)
{
	struct slot *slot = context;

	struct notify *notify = slot->notify;
	struct slice outcome = { 0 };

	slot->query = NULL;
	mem_free(slot->ids);
	slot->ids = NULL;
	if (rows == NULL) {
		/* taken again when its lease ends */
		complain(notify, error);
		rest(slot);
		return;
	}
	outcome = pg_rows_slice(rows, 0, 0);
	notify->sent += slice_equal(outcome, SLICE("sent"));
	notify->retried += slice_equal(outcome, SLICE("again"));
	notify->given_up += slice_equal(outcome, SLICE("failed"));
	claim(slot);
}

/* what may go better later */
static bool is_passing(int status)
{
	return status == 0 || status == 408 || status == 429 || status >= 500;
}

/* of one message, or of several to a topic */
struct outcome {
	bool well;
	bool again; /* it may go better later */
	int status; /* of HTTP; 0: none */
	unsigned retry_after_s;
};

static void finish(struct slot *slot, const struct outcome *outcome,
		   const struct error *why)
{
	struct notify *notify = slot->notify;
	struct params params = { 0 };

	if (!outcome->well)
		log_warn("notify", "channel=%s error=\"%s\" again=%d", slot->channel,
			 why->text, outcome->again);
	add_text(&params, slot->channel);
	add_text(&params, slot->ids);
	add_text(&params, outcome->well ? "t" : "f");
	add_text(&params, outcome->again ? "t" : "f");
	add_int(&params, outcome->status);
	add_text(&params, why->text);
	add_int(&params, outcome->retry_after_s);
	add_int(&params, notify->config.attempts_max);
	slot->query = pg_query(notify->pool, finish_sql, params.items, params.count,
			       false, on_finished, slot);
}

static void on_answer(void *context, const struct http_answer *answer)
{
	bool well = answer->status >= 200 && answer->status < 300;
	struct outcome outcome = { .well = well,
				   .again = !well && is_passing(answer->status),
				   .status = answer->status,
				   .retry_after_s = answer->retry_after_s };
	struct error why = { 0 };

	if (!well)
		(void)error_set(&why, answer->status == 0 ? "%s" : "HTTP %s%d",
				answer->status == 0 ? answer->error : "",
				answer->status);
	finish(context, &outcome, &why);
}

static void on_produced(void *context, const struct kafka_out_result *result)
{
	struct outcome outcome = { .well = result->well, .again = result->again };
	struct error why = { 0 };

	if (!result->well)
		(void)error_set(&why, "%s", result->error);
	finish(context, &outcome, &why);
}

/* the channel's URL is kafka:TOPIC */
static void produce(struct slot *slot, const struct notify_message *message)
{
	struct kafka_out_request request = {
		.topic = slice_from(slice_str(message->request.url), strlen("kafka:")),
		.lines = message->request.body,
		.done = on_produced,
		.context = slot,
	};
	struct outcome outcome = { 0 };
	struct error why = { 0 };

	if (kafka_out_send(slot->notify->kafka, &request, &outcome.again, &why) < 0)
		finish(slot, &outcome, &why);
}

static void post(struct slot *slot, const struct pg_rows *rows)
{
	struct notify *notify = slot->notify;
	struct notify_message message = { 0 };
	struct error error = { 0 };
	struct http_answer none = { .error = "too many requests are open" };

	if (notify_message_make(notify->keyring, rows, &message, &error) < 0) {
		/* another daemon may have the key */
		none.error = error.text;
		on_answer(slot, &none);
		return;
	}
	message.request.timeout_ms = (unsigned)(notify->config.timeout_us / 1000);
	if (slice_equal(pg_rows_slice(rows, 0, CLAIM_KIND), SLICE("kafka")))
		produce(slot, &message);
	else if (http_client_post(notify->client, &message.request, on_answer, slot) ==
		 NULL)
		on_answer(slot, &none);
	notify_message_deinit(&message);
}

static void on_claimed(void *context, const struct pg_rows *rows,
		       const struct pg_error *error)
{
	struct slot *slot = context;
	struct notify *notify = slot->notify;
	struct slice channel = { 0 };

	slot->query = NULL;
	if (rows == NULL)
		complain(notify, error);
	else
		channel = pg_rows_slice(rows, 0, CLAIM_CHANNEL);
	if (channel.len == 0) {
		rest(slot);
		return;
	}
	(void)snprintf(slot->channel, sizeof(slot->channel), "%.*s", (int)channel.len,
		       channel.ptr);
	slot->ids = mem_slice_dup(pg_rows_slice(rows, 0, CLAIM_IDS));
	post(slot, rows);
	/* there may be more: another one looks meanwhile */
	for (size_t i = 0; i < NOTIFY_SLOTS; i++) {
		if (!notify->slots[i].busy) {
			claim(&notify->slots[i]);
			break;
		}
	}
}

static void claim(struct slot *slot)
{
	const struct notify *notify = slot->notify;
	struct params params = { 0 };

	slot->busy = true;
	add_int(&params, notify->config.timeout_us / SECOND_US + LEASE_MORE_S);
	add_int(&params, NOTIFY_WORDS_MAX);
	add_text(&params, notify->public_url);
	slot->query = pg_query(notify->pool, claim_sql, params.items, params.count,
			       false, on_claimed, slot);
}

static void on_tick(void *context, const struct pg_rows *rows,
		    const struct pg_error *error)
{
	struct notify *notify = context;

	notify->tick = NULL;
	wait_turn(notify);
	if (rows == NULL) {
		complain(notify, error);
		return;
	}
	notify->closed += (uint64_t)pg_rows_int(rows, 0, 0);
	if (!notify->slots[0].busy)
		claim(&notify->slots[0]);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct notify *notify = context;
	struct params params = { 0 };

	(void)fd;
	(void)what;
	add_int(&params, notify->config.outbox_max);
	add_int(&params, notify->config.kept_days);
	notify->tick = pg_query(notify->pool, tick_sql, params.items, params.count,
				false, on_tick, notify);
}

int notify_new(struct event_base *base, struct pg_pool *pool,
	       const struct notify_config *config, struct notify **out,
	       struct error *error)
{
	struct notify *notify = mem_calloc(1, sizeof(*notify));
	struct buf agent = { 0 };
	struct http_client_config client = {
		.bans = { .link_local = !config->allow_link_local,
			  .private_networks = !config->allow_private },
	};
	int status = 0;

	buf_printf(&agent, "siftd/%s", config->version);
	buf_append_char(&agent, '\0');
	client.user_agent = agent.data;
	status = http_client_new(base, &client, &notify->client, error);
	buf_deinit(&agent);
	if (status == 0 &&
	    kafka_out_new(base, &config->kafka, &notify->kafka, error) < 0) {
		http_client_free(&notify->client);
		status = -1;
	}
	if (status < 0) {
		mem_free(notify);
		return -1;
	}
	notify->config = *config;
	notify->public_url =
		mem_strdup(config->public_url == NULL ? "" : config->public_url);
	notify->pool = pool;
	notify->keyring = config->keyring;
	notify->timer = event_new(base, -1, 0, on_timer, notify);
	for (size_t i = 0; i < NOTIFY_SLOTS; i++)
		notify->slots[i].notify = notify;
	wait_turn(notify);
	*out = notify;
	return 0;
}

void notify_free(struct notify **notify_ptr)
{
	struct notify *notify = *notify_ptr;

	if (notify == NULL)
		return;
	if (notify->tick != NULL)
		pg_query_cancel(notify->tick);
	for (size_t i = 0; i < NOTIFY_SLOTS; i++) {
		if (notify->slots[i].query != NULL)
			pg_query_cancel(notify->slots[i].query);
		mem_free(notify->slots[i].ids);
	}
	kafka_out_free(&notify->kafka);
	http_client_free(&notify->client);
	event_free(notify->timer);
	mem_free(notify->public_url);
	mem_free(notify);
	*notify_ptr = NULL;
}

void notify_write_metrics(const struct notify *notify, struct buf *out)
{
	const struct {
		const char *name;
		const char *help;
		uint64_t value;
	} counters[] = {
		{ "sent_total", "messages that channels took", notify->sent },
		{ "retried_total", "messages that are tried again", notify->retried },
		{ "given_up_total", "messages that a channel refused",
		  notify->given_up },
		{ "closed_total", "episodes told to be over", notify->closed },
		{ "failures_total", "failures of the outbox", notify->failures },
	};

	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		buf_printf(out,
			   "# HELP siftd_notify_%s %s\n# TYPE siftd_notify_%s counter\n"
			   "siftd_notify_%s %" PRIu64 "\n",
			   counters[i].name, counters[i].help, counters[i].name,
			   counters[i].name, counters[i].value);
}
