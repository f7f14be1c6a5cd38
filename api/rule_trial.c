/* rule_trial.c - the lane's way of a record, on one text and one rule */
#include "api/rule_trial.h"

#include "api/replay_render.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "pipeline/front.h"
#include "pipeline/normalize.h"
#include "pipeline/replay.h"

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
	struct replay *replay;
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
	replay_see(runner->replay, event.timestamp_us);
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
	replay_add(runner->replay, &event, &matched, rules);
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

static void write_findings(struct json_out *out, struct runner *runner)
{
	size_t count = 0;
	const struct replay_finding *findings = replay_finish(runner->replay, &count);

	json_key(out, "findings");
	json_array_begin(out);
	for (size_t i = 0; i < count && i < RULE_TRIAL_KEYS; i++)
		replay_render_finding(out, &findings[i], REPLAY_LINES);
	json_array_end(out);
}

static void try_text(struct rule_trial *trial)
{
	struct runner runner = {
		.trial = trial,
		.scratch = rules_scratch_new(trial->rules),
		.replay = replay_new(),
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
	replay_free(&runner.replay);
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
