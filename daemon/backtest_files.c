/* backtest_files.c - records as a lane cuts and parses them, to a replay */
#include "daemon/backtest_files.h"

#include "api/backtest_judge.h"
#include "api/replay_render.h"
#include "base/clock.h"
#include "base/mem.h"
#include "daemon/sift_input.h"
#include "pipeline/front.h"
#include "pipeline/normalize.h"
#include "pipeline/replay.h"

struct reading {
	const struct backtest_files *wish;
	struct rules_scratch *scratch;
	struct replay *replay;
	struct tokens tokens;
	struct rule_set all;
	uint64_t *matching; /* of each rule */
	uint64_t events;
	uint64_t lines; /* of the files before */
	uint64_t last_line;
	int64_t begun_us;
};

static bool is_wanted(const struct reading *run, int64_t time_us)
{
	const struct backtest_files *wish = run->wish;

	return (wish->from_us == TIMESTAMP_NONE || time_us >= wish->from_us) &&
	       (wish->to_us == TIMESTAMP_NONE || time_us <= wish->to_us);
}

/* false: no rule matches */
static bool count_matches(struct reading *run, const struct rule_set *matched)
{
	bool any = false;

	for (size_t i = 0; i < rules_count(run->wish->rules); i++) {
		run->matching[i] += rule_set_has(matched, i);
		any |= rule_set_has(matched, i);
	}
	return any;
}

static void judge(struct reading *run, const struct record *record,
		  const struct front_extent *extent)
{
	const struct rule_subject subject = { record, record->body };
	uint64_t line = run->lines + extent->first_line;
	struct rule_set matched = { 0 };
	struct findings_event event = {
		.block = (uint32_t)(line >> 32),
		.row = (uint32_t)line,
		.timestamp_us = record->timestamp_us != TIMESTAMP_NONE
					? record->timestamp_us
					: record->observed_timestamp_us,
		.record = record,
	};

	run->last_line = extent->first_line + extent->lines - 1;
	if (!is_wanted(run, event.timestamp_us))
		return;
	run->events++;
	replay_see(run->replay, event.timestamp_us);
	rules_judge_event(run->wish->rules, run->scratch, &subject, &run->all,
			  &matched);
	if (!count_matches(run, &matched))
		return;
	normalize_record(record, &run->tokens);
	event.template_key = normalize_fingerprint(&run->tokens);
	replay_add(run->replay, &event, &matched, run->wish->rules);
}

static void drain(struct reading *run, struct front *front)
{
	struct front_extent extent = { 0 };
	struct record record = { 0 };

	while (!replay_full(run->replay) && front_next(front, &record, &extent))
		judge(run, &record, &extent);
}

static void end_file(struct reading *run, struct front **front)
{
	if (*front == NULL)
		return;
	front_finish(*front);
	drain(run, *front);
	front_free(front);
	run->lines += run->last_line;
	run->last_line = 0;
}

/* -1: a file could not be read */
static int read_files(struct reading *run, struct error *error)
{
	const struct front_config config = { 0 };
	struct sift_input *input =
		sift_input_new(run->wish->paths, run->wish->paths_count, false);
	struct front *front = NULL;
	struct slice bytes = { 0 };
	int status = 0;
	int more = 0;

	while (more != -1 && !replay_full(run->replay)) {
		more = sift_input_read(input, &bytes, error);
		if (more == -2)
			status = -1;
		if (more != 1) {
			end_file(run, &front);
			continue;
		}
		if (front == NULL)
			front = front_new(&config);
		front_feed(front, bytes, run->begun_us);
		drain(run, front);
	}
	front_free(&front);
	sift_input_free(&input);
	return status;
}

static void write_findings(struct json_out *out, const struct rule *rule,
			   const struct replay_finding *findings, size_t count)
{
	size_t keys = 0;
	size_t firing = 0;

	json_key(out, "findings");
	json_array_begin(out);
	for (size_t i = 0; i < count; i++) {
		if (findings[i].rule != rule)
			continue;
		if (keys++ < BACKTEST_KEYS)
			replay_render_finding(out, &findings[i], REPLAY_LINES);
		firing += findings[i].episodes.count > 0;
	}
	json_array_end(out);
	json_key_uint(out, "keys", keys);
	json_key_uint(out, "firing", firing);
}

static void write_answers(struct reading *run, struct buf *text)
{
	const struct rules *rules = run->wish->rules;
	bool cut = replay_full(run->replay);
	size_t count = 0;
	const struct replay_finding *findings = replay_finish(run->replay, &count);

	for (size_t i = 0; i < rules_count(rules); i++) {
		const struct rule *rule = rules_get(rules, i);
		struct json_out out = json_out_init(text);

		if (rule->is_partner)
			continue;
		json_object_begin(&out);
		json_key_string(&out, "rule", slice_str(rule->id));
		json_key_uint(&out, "events", run->events);
		json_key_uint(&out, "matching", run->matching[i]);
		write_findings(&out, rule, findings, count);
		json_key_bool(&out, "complete", !cut);
		json_key(&out, "cut_by");
		if (cut)
			json_out_string(&out, SLICE("memory"));
		else
			json_out_null(&out);
		json_key(&out, "seconds");
		json_double(&out, (double)(clock_now_us() - run->begun_us) / 1e6, 3);
		json_object_end(&out);
		buf_append_char(text, '\n');
	}
}

int backtest_files_run(const struct backtest_files *wish, struct buf *out,
		       struct error *error)
{
	struct reading run = {
		.wish = wish,
		.scratch = rules_scratch_new(wish->rules),
		.replay = replay_new(),
		.matching = mem_calloc(rules_count(wish->rules) + 1, sizeof(uint64_t)),
		.begun_us = clock_now_us(),
	};
	int status = 0;

	for (size_t i = 0; i < rules_count(wish->rules); i++)
		rule_set_put(&run.all, i);
	status = read_files(&run, error);
	write_answers(&run, out);
	mem_free(run.matching);
	replay_free(&run.replay);
	rules_scratch_free(&run.scratch);
	return status;
}
