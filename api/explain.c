/* explain.c - one call: forms, retries, one repair */
#include "api/explain.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "api/explain_check.h"
#include "api/explain_prompt.h"
#include "api/redact.h"
#include "api/token.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sinks/http_client.h"

#define PATH "/chat/completions"
#define TRIES_MAX 3
#define BACKOFF_S 1
#define ERROR_BYTES 200
#define REASON_MAX 300
#define US_PER_S 1000000
#define US_PER_MS 1000

struct explain_stats {
	uint64_t asked; /* requests to the endpoint */
	uint64_t explained;
	uint64_t failed;
	uint64_t repaired;
	uint64_t claims;
	uint64_t verified;
	uint64_t redacted;
};

struct explain {
	struct event_base *base;
	struct explain_config config;
	struct http_client *client;
	struct redactor *redactor;
	char *model; /* what config points at, as url */
	char *url;
	char *authorization;    /* a header, or NULL */
	enum explain_form form; /* the highest that the endpoint has not refused */
	struct call *calls;
	unsigned open;
	struct explain_stats stats;
};

struct call {
	struct explain *explain;
	struct call *next;
	const struct explain_case *subject;
	explain_done_fn *done;
	void *context;
	struct event *timer; /* of a retry */
	int64_t deadline_us;
	unsigned tries; /* that failed, of this round */
	enum explain_form form;
	bool repairing;
	/* the better of the answers, as JSON; empty while there is none */
	struct buf content;
	struct explain_verdict verdict;
	struct buf earlier, complaint; /* for the repair round */
	char nonce[TOKEN_TEXT_SIZE];
	char error[ERROR_BYTES];
};

int explain_new(struct event_base *base, const struct explain_config *config,
		const char *version, struct explain **out, struct error *error)
{
	char agent[64];
	struct http_client_config client = { .bans = { .link_local = true },
					     .user_agent = agent };
	struct explain *explain = mem_calloc(1, sizeof(*explain));
	struct buf text = { 0 };

	/* a version fits, and a cut one would do no harm */
	(void)snprintf(agent, sizeof(agent), "siftd/%s", version);
	explain->base = base;
	explain->config = *config;
	explain->model = mem_strdup(config->model);
	explain->config.model = explain->model;
	buf_printf(&text, "%s" PATH, config->url);
	explain->url = buf_take(&text);
	explain->config.url = explain->url;
	if (config->key != NULL) {
		buf_printf(&text, "Authorization: Bearer %s", config->key);
		explain->authorization = buf_take(&text);
	}
	explain->config.key = NULL;
	explain->redactor = redactor_new();
	if (http_client_new(base, &client, &explain->client, error) < 0) {
		explain_free(&explain);
		return -1;
	}
	*out = explain;
	return 0;
}

static void call_free(struct call *call)
{
	struct call **place = &call->explain->calls;

	while (*place != call)
		place = &(*place)->next;
	*place = call->next;
	call->explain->open--;
	event_free(call->timer);
	buf_deinit(&call->content);
	buf_deinit(&call->earlier);
	buf_deinit(&call->complaint);
	mem_free(call);
}

void explain_free(struct explain **explain_ptr)
{
	struct explain *explain = *explain_ptr;

	if (explain == NULL)
		return;
	http_client_free(&explain->client); /* first: it knows the calls */
	while (explain->calls != NULL)
		call_free(explain->calls);
	redactor_free(&explain->redactor);
	mem_free(explain->model);
	mem_free(explain->url);
	mem_free(explain->authorization);
	mem_free(explain);
	*explain_ptr = NULL;
}

const struct explain_config *explain_configured(const struct explain *explain)
{
	return &explain->config;
}

struct redactor *explain_redactor(struct explain *explain)
{
	return explain->redactor;
}

void explain_note_redacted(struct explain *explain, size_t count)
{
	explain->stats.redacted += count;
}

static void finish(struct call *call)
{
	struct explain_stats *stats = &call->explain->stats;
	struct explain_result result = { .error = call->error };

	if (call->content.len > 0) {
		result.content = buf_slice(&call->content);
		result.share = explain_share(&call->verdict);
		stats->explained++;
		stats->claims += call->verdict.claims;
		stats->verified += call->verdict.verified;
	} else {
		stats->failed++;
	}
	call->done(call->context, &result);
	call_free(call);
}

/* what was answered before, if anything, is the result then */
static void fail(struct call *call, const char *what)
{
	/* it fits, or is cut */
	(void)snprintf(call->error, sizeof(call->error), "%s", what);
	finish(call);
}

static http_answer_fn on_answer;

static unsigned left_ms(const struct call *call)
{
	int64_t left = call->deadline_us - clock_monotonic_us();

	return left < US_PER_MS ? 1 : (unsigned)(left / US_PER_MS);
}

static void ask(struct call *call)
{
	struct explain *explain = call->explain;
	const struct explain_prompt prompt = {
		.subject = call->subject,
		.model = explain->config.model,
		.nonce = call->nonce,
		.form = call->form,
		.tokens_max = explain->config.tokens_max,
		.earlier = buf_slice(&call->earlier),
		.complaint = buf_slice(&call->complaint),
	};
	struct buf body = { 0 };
	struct http_client_request request = {
		.url = explain->url,
		.headers = { "Content-Type: application/json", explain->authorization },
		.headers_count = explain->authorization == NULL ? 1 : 2,
		.timeout_ms = left_ms(call),
	};

	explain_write_prompt(&prompt, &body);
	request.body = buf_slice(&body);
	if (http_client_post(explain->client, &request, on_answer, call) == NULL)
		fail(call, "Too many requests to the model's endpoint are open.");
	else
		explain->stats.asked++;
	buf_deinit(&body);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	ask(context);
}

static void set_timer(struct call *call, int64_t delay_us)
{
	const struct timeval delay = { .tv_sec = delay_us / US_PER_S,
				       .tv_usec = delay_us % US_PER_S };

	event_add(call->timer, &delay);
}

bool explain_start(struct explain *explain, const struct explain_case *subject,
		   explain_done_fn *done, void *context)
{
	struct call *call = NULL;

	if (explain->open == explain->config.open_max)
		return false;
	call = mem_calloc(1, sizeof(*call));
	call->explain = explain;
	call->subject = subject;
	call->done = done;
	call->context = context;
	call->deadline_us = clock_monotonic_us() + explain->config.timeout_us;
	call->form = explain->form;
	call->timer = event_new(explain->base, -1, 0, on_timer, call);
	token_make(call->nonce);
	call->next = explain->calls;
	explain->calls = call;
	explain->open++;
	set_timer(call, 0);
	return true;
}

/* the endpoint's own words go to the log, without secrets: some quote the key */
static void log_refusal(struct call *call, const struct http_answer *answer)
{
	struct redaction redaction = { 0 };
	struct buf text = { 0 };

	redact(call->explain->redactor, &redaction,
	       slice_head(answer->body, REASON_MAX), &text);
	buf_append_char(&text, '\0');
	log_warn("explain", "endpoint answered status=%d %s%s", answer->status,
		 answer->error, text.data);
	buf_deinit(&text);
}

static bool may_retry(const struct http_answer *answer)
{
	return answer->status == 0 || answer->status == 429 || answer->status >= 500;
}

static void on_refusal(struct call *call, const struct http_answer *answer)
{
	int64_t delay_us = (int64_t)BACKOFF_S << call->tries;
	char text[ERROR_BYTES];

	log_refusal(call, answer);
	if ((answer->status == 400 || answer->status == 422) &&
	    call->form != EXPLAIN_PLAIN) {
		call->form++;
		if (call->explain->form < call->form)
			call->explain->form = call->form;
		ask(call);
		return;
	}
	if (answer->retry_after_s != 0)
		delay_us = answer->retry_after_s;
	delay_us *= US_PER_S;
	if (may_retry(answer) && ++call->tries < TRIES_MAX &&
	    clock_monotonic_us() + delay_us < call->deadline_us) {
		set_timer(call, delay_us);
		return;
	}
	/* it fits */
	(void)snprintf(text, sizeof(text),
		       answer->status == 0
			       ? "The model's endpoint gave no answer; siftd's log "
				 "has the reason."
			       : "The model's endpoint answered %d; siftd's log has "
				 "its words.",
		       answer->status);
	fail(call, text);
}

/* the first choice's text; *whole: it was not cut for its length */
static bool read_message(struct slice body, struct buf *out, bool *whole)
{
	json_t *loaded = body.len == 0 ? NULL : json_loadb(body.ptr, body.len, 0, NULL);
	json_t *choice = json_array_get(json_object_get(loaded, "choices"), 0);
	json_t *text = json_object_get(json_object_get(choice, "message"), "content");
	const char *reason =
		json_string_value(json_object_get(choice, "finish_reason"));

	*whole = reason == NULL || strcmp(reason, "length") != 0;
	if (json_is_string(text))
		buf_append(out, json_string_value(text), json_string_length(text));
	json_decref(loaded);
	return out->len > 0;
}

static bool is_better(const struct call *call, const struct explain_verdict *verdict)
{
	if (call->content.len == 0)
		return true;
	return verdict->missing <= call->verdict.missing &&
	       explain_share(verdict) >= explain_share(&call->verdict);
}

static void repair(struct call *call, struct buf *answer, struct buf *complaint)
{
	struct buf text = { 0 };

	buf_append_str(&text, "A program checked your answer:\n");
	buf_append_slice(&text, buf_slice(complaint));
	buf_append_str(&text, "Answer again, whole, in the same form. Copy quotes byte "
			      "for byte, or leave the claim out.");
	call->complaint = text;
	call->earlier = *answer;
	*answer = (struct buf){ 0 };
	call->repairing = true;
	call->tries = 0;
	call->explain->stats.repaired++;
	ask(call);
}

static void on_message(struct call *call, struct buf *answer, bool whole)
{
	struct explain_verdict verdict;
	struct buf content = { 0 };
	struct buf complaint = { 0 };
	bool good = false;

	if (!whole)
		buf_append_str(&complaint,
			       "- it was too long and was cut; be shorter\n");
	if (explain_check(call->subject, buf_slice(answer), &verdict, &content,
			  &complaint) == 0 &&
	    is_better(call, &verdict)) {
		struct buf swap = call->content;

		call->content = content;
		content = swap;
		call->verdict = verdict;
		good = verdict.missing == 0 && verdict.verified == verdict.claims;
	}
	buf_deinit(&content);
	if (good || call->repairing)
		fail(call, "The model's answer was not what it was asked for.");
	else
		repair(call, answer, &complaint);
	buf_deinit(&complaint);
}

static void on_answer(void *context, const struct http_answer *answer)
{
	struct call *call = context;
	struct buf text = { 0 };
	bool whole = false;

	if (answer->status != 200) {
		on_refusal(call, answer);
		return;
	}
	if (!read_message(answer->body, &text, &whole)) {
		log_refusal(call, answer);
		fail(call, "The model's endpoint answered without a message.");
		return;
	}
	on_message(call, &text, whole);
	buf_deinit(&text);
}

static void write_counter(struct buf *out, const char *name, const char *help,
			  uint64_t value)
{
	buf_printf(out,
		   "# HELP siftd_explain_%s_total %s\n"
		   "# TYPE siftd_explain_%s_total counter\n"
		   "siftd_explain_%s_total %" PRIu64 "\n",
		   name, help, name, name, value);
}

void explain_write_metrics(const struct explain *explain, struct buf *out)
{
	const struct explain_stats *stats = &explain->stats;

	write_counter(out, "requests", "Requests to the model's endpoint.",
		      stats->asked);
	write_counter(out, "explained", "Explanations made.", stats->explained);
	write_counter(out, "failed", "Explanations that could not be made.",
		      stats->failed);
	write_counter(out, "repairs", "Answers that were sent back once.",
		      stats->repaired);
	write_counter(out, "claims", "Claims that need evidence.", stats->claims);
	write_counter(out, "claims_verified", "Those whose citations all hold.",
		      stats->verified);
	write_counter(out, "redacted", "Secrets taken out before sending.",
		      stats->redacted);
}
