/* rule_trial.c - the lane's way of a record, on one text and one rule */
#include "api/rule_trial.h"

#include <stdlib.h>

#include "api/columns.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "pipeline/findings.h"
#include "pipeline/front.h"
#include "pipeline/normalize.h"
#include "pipeline/window.h"

#define SHOWN_BYTES_MAX 500
#define SOURCE_NAME "rule"

void rule_trial_deinit(struct rule_trial *trial)
{
	char *text = NULL;

	/* the bytes are the trial's own, so it may drop the const */
	memcpy(&text, &trial->text.ptr, sizeof(text));
	mem_free(text);
	mem_free(trial->source);
	rules_free(&trial->rules);
	buf_deinit(&trial->result);
	*trial = (struct rule_trial){ 0 };
}

static int compile(struct rule_trial *trial)
{
	struct yaml_doc *docs = NULL;
	int status =
		yaml_parse(slice_str(trial->source), SOURCE_NAME, &docs, &trial->error);

	if (status == 0 && (docs == NULL || docs->next != NULL))
		status =
			error_set(&trial->error, SOURCE_NAME ": one document is one "
							     "rule, and one is needed");
	if (status == 0)
		status = rules_compile(docs, &trial->rules, &trial->error);
	yaml_docs_free(&docs);
	return status;
}

static void keep_failure(void *context, const char *text)
{
	struct error *error = context;

	if (error->text[0] == '\0')
		(void)error_set(error, SOURCE_NAME ": its own case fails: %s", text);
}

struct runner {
	struct rule_trial *trial;
	struct rules_scratch *scratch;
	struct batch *batch;
	struct tokens tokens;
	struct json_out lines; /* into trial->result */
	uint64_t records, matches;
};

static void show(struct runner *runner, const struct record *record, uint64_t line)
{
	struct json_out *out = &runner->lines;

	if (runner->matches >= RULE_TRIAL_LINES)
		return;
	json_object_begin(out);
	json_key_uint(out, "line", line);
	json_key_string(out, "text", slice_head(record->raw, SHOWN_BYTES_MAX));
	json_object_end(out);
}

static void judge(struct runner *runner, const struct record *record,
		  const struct front_extent *extent)
{
	const struct rules *rules = runner->trial->rules;
	const struct rule_subject subject = { record, record->body };
	struct rule_set matched = { 0 };
	struct findings_event event = {
		.timestamp_us = record->timestamp_us != TIMESTAMP_NONE
					? record->timestamp_us
					: record->observed_timestamp_us,
		.record = record,
		.row = (uint32_t)extent->first_line,
	};
	bool any = false;

	runner->records++;
	for (size_t i = 0; i < rules_count(rules); i++) {
		if (rules_match_one(rules, runner->scratch, &subject, i)) {
			rule_set_put(&matched, i);
			any = true;
		}
	}
	if (!any)
		return;
	if (rule_set_has(&matched, 0)) {
		show(runner, record, extent->first_line);
		runner->matches++;
	}
	normalize_record(record, &runner->tokens);
	event.template_key = normalize_fingerprint(&runner->tokens);
	findings_add(runner->batch, &event, &matched, rules);
}

static void feed(struct runner *runner)
{
	const struct front_config config = { 0 };
	struct front *front = front_new(&config);
	struct front_extent extent = { 0 };
	struct record record = { 0 };

	front_feed(front, runner->trial->text, runner->trial->now_us);
	while (front_next(front, &record, &extent))
		judge(runner, &record, &extent);
	front_finish(front);
	while (front_next(front, &record, &extent))
		judge(runner, &record, &extent);
	front_free(&front);
}

static int compare_keys(const struct slice *a, const struct slice *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order = len == 0 ? 0 : memcmp(a->ptr, b->ptr, len);

	if (order != 0)
		return order;
	return (a->len > b->len) - (a->len < b->len);
}

static int by_key(const void *a_item, const void *b_item)
{
	const struct batch_finding *a = a_item;
	const struct batch_finding *b = b_item;

	return compare_keys(&a->key, &b->key);
}

static int by_key_and_time(const void *a_item, const void *b_item)
{
	const struct batch_window *a = a_item;
	const struct batch_window *b = b_item;
	int order = compare_keys(&a->key, &b->key);

	if (order != 0)
		return order;
	return (a->bucket_us > b->bucket_us) - (a->bucket_us < b->bucket_us);
}

/* the highest sum of a window of the key; windows are sorted */
static uint64_t peak_of(const struct batch *batch, const struct rule *rule,
			struct slice key)
{
	uint64_t peak = 0;
	uint64_t sum = 0;
	size_t begin = 0;

	for (size_t i = 0; i < batch->windows_count; i++) {
		const struct batch_window *window = &batch->windows[i];

		if (!slice_equal(window->key, key)) {
			begin = i + 1;
			sum = 0;
			continue;
		}
		sum += window->count;
		while (batch->windows[begin].bucket_us + rule->window.span_us <=
		       window->bucket_us)
			sum -= batch->windows[begin++].count;
		peak = sum > peak ? sum : peak;
	}
	return peak;
}

/* NULL: only all that is stored can say, as the daemon does */
static void write_fires(struct json_out *out, const struct runner *runner,
			struct slice key)
{
	const struct rule *rule = rules_get(runner->trial->rules, 0);
	uint64_t peak = 0;

	json_key(out, "fires");
	switch (rule->window.type) {
	case WINDOW_NONE:
		json_bool(out, true);
		break;
	case WINDOW_THRESHOLD:
		peak = peak_of(runner->batch, rule, key);
		json_bool(out, peak >= rule->window.count);
		json_key_uint(out, "peak", peak);
		break;
	case WINDOW_SPIKE:
	case WINDOW_RATE_RATIO:
	case WINDOW_CARDINALITY:
	case WINDOW_SEQUENCE:
	case WINDOW_NEW_GROUP:
	case WINDOW_FLATLINE:
	case WINDOW_TYPES:
		json_out_null(out);
		break;
	}
}

/* all parts of one key, from `at` on; returns the place behind them */
static size_t write_key(struct json_out *out, const struct runner *runner, size_t at)
{
	const struct batch_finding *items = runner->batch->findings;
	struct batch_finding sum = items[at];
	size_t end = at + 1;

	for (; end < runner->batch->findings_count &&
	       slice_equal(items[end].key, sum.key);
	     end++) {
		sum.count += items[end].count;
		if (items[end].first_us < sum.first_us)
			sum.first_us = items[end].first_us;
		if (items[end].last_us > sum.last_us)
			sum.last_us = items[end].last_us;
	}
	json_object_begin(out);
	json_key_string(out, "key", sum.key);
	json_key_uint(out, "occurrences", sum.count);
	json_key_uint(out, "templates", end - at);
	json_key(out, "first_seen");
	columns_write_time(out, sum.first_us);
	json_key(out, "last_seen");
	columns_write_time(out, sum.last_us);
	write_fires(out, runner, sum.key);
	json_object_end(out);
	return end;
}

static void write_findings(struct json_out *out, const struct runner *runner)
{
	struct batch *batch = runner->batch;
	size_t keys = 0;

	/* what qsort leaves: the batch's indexes are not used any more */
	if (batch->findings_count > 0)
		qsort(batch->findings, batch->findings_count, sizeof(*batch->findings),
		      by_key);
	if (batch->windows_count > 0)
		qsort(batch->windows, batch->windows_count, sizeof(*batch->windows),
		      by_key_and_time);
	json_key(out, "findings");
	json_array_begin(out);
	for (size_t at = 0; at < batch->findings_count && keys < RULE_TRIAL_KEYS;
	     keys++)
		at = write_key(out, runner, at);
	json_array_end(out);
}

static void try_text(struct rule_trial *trial)
{
	struct runner runner = {
		.trial = trial,
		.scratch = rules_scratch_new(trial->rules),
		.batch = batch_new(0, 1),
		.lines = json_out_init(&trial->result),
	};
	struct json_out *out = &runner.lines;

	json_object_begin(out);
	json_key_string(out, "rule", slice_str(rules_get(trial->rules, 0)->id));
	json_key(out, "matches");
	json_array_begin(out);
	feed(&runner);
	json_array_end(out);
	json_key_uint(out, "records", runner.records);
	json_key_uint(out, "matching", runner.matches);
	write_findings(out, &runner);
	json_object_end(out);
	batch_free(&runner.batch);
	rules_scratch_free(&runner.scratch);
}

void rule_trial_run(struct rule_trial *trial)
{
	size_t cases = 0;

	if (compile(trial) < 0)
		return;
	if (rules_test(trial->rules, &cases, keep_failure, &trial->error) > 0)
		return;
	trial->good = true;
	if (trial->text.ptr != NULL)
		try_text(trial);
}
