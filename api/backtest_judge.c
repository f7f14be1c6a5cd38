/* backtest_judge.c - templates to candidates, events to a replay */
#include "api/backtest_judge.h"

#include <stdlib.h>

#include "api/replay_render.h"
#include "base/mem.h"
#include "base/table.h"
#include "pipeline/front.h"
#include "pipeline/replay.h"

/* what the learner keeps of a record: a longer one was cut there */
#define SAMPLE_BYTES_MAX 4096

struct backtest_judge {
	struct backtest_rule rule;
	struct rules_scratch *scratch;
	struct rules_scratch *specific_scratch;
	bool has_partner;
	bool want_texts;    /* the rule looks at templates themselves */
	struct arena arena; /* of one record */
	struct arena texts;
	struct table candidates; /* template key -> place in template_texts, or 0 */
	uint64_t *keys;
	size_t keys_count, keys_capacity;
	struct slice *template_texts;
	size_t texts_count, texts_capacity;
	struct replay *replay;
	struct backtest_stats stats;
};

static const struct rule *rule_of(const struct backtest_judge *judge)
{
	return rules_get(judge->rule.rules, judge->rule.index);
}

struct backtest_judge *backtest_judge_new(const struct backtest_rule *rule)
{
	struct backtest_judge *judge = mem_calloc(1, sizeof(*judge));
	struct rule_set wanted = { 0 };

	judge->rule = *rule;
	judge->scratch = rules_scratch_new(rule->rules);
	if (rule->specific != NULL && rule_of(judge)->generic)
		judge->specific_scratch = rules_scratch_new(rule->specific);
	rule_set_put(&wanted, rule->index);
	if (rule->index + 1 < rules_count(rule->rules) &&
	    rules_get(rule->rules, rule->index + 1)->is_partner) {
		judge->has_partner = true;
		rule_set_put(&wanted, rule->index + 1);
	}
	judge->want_texts = rules_want_template(rule->rules, &wanted);
	judge->replay = replay_new();
	return judge;
}

void backtest_judge_free(struct backtest_judge **judge_ptr)
{
	struct backtest_judge *judge = *judge_ptr;

	if (judge == NULL)
		return;
	rules_scratch_free(&judge->scratch);
	rules_scratch_free(&judge->specific_scratch);
	arena_deinit(&judge->arena);
	arena_deinit(&judge->texts);
	table_deinit(&judge->candidates);
	mem_free(judge->keys);
	mem_free(judge->template_texts);
	replay_free(&judge->replay);
	mem_free(judge);
	*judge_ptr = NULL;
}

static bool may_match(struct backtest_judge *judge,
		      const struct backtest_template *template,
		      const struct rule_subject *subject)
{
	const struct rules *rules = judge->rule.rules;
	size_t index = judge->rule.index;
	bool alike = !template->generalised && !template->pushed;

	/* of a record that was cut the end is not known */
	return template->sample.len >= SAMPLE_BYTES_MAX ||
	       rules_may_match(rules, judge->scratch, subject, alike, index) ||
	       (judge->has_partner &&
		rules_may_match(rules, judge->scratch, subject, alike, index + 1));
}

void backtest_judge_template(struct backtest_judge *judge,
			     const struct backtest_template *template)
{
	struct record record = { 0 };
	const struct rule_subject subject = { &record, template->text };
	uint64_t *place = NULL;

	judge->stats.templates++;
	judge->stats.templates_events += template->events;
	arena_reset(&judge->arena);
	parse_stored(template->sample, SLICE(""), 0, &judge->arena, &record);
	if (!may_match(judge, template, &subject))
		return;
	judge->stats.candidates++;
	judge->stats.candidates_events += template->events;
	mem_grow(&judge->keys, &judge->keys_capacity, judge->keys_count,
		 sizeof(*judge->keys));
	judge->keys[judge->keys_count++] = template->key;
	place = table_put(&judge->candidates, template->key, NULL);
	if (!judge->want_texts)
		return;
	mem_grow(&judge->template_texts, &judge->texts_capacity, judge->texts_count,
		 sizeof(*judge->template_texts));
	*place = judge->texts_count;
	judge->template_texts[judge->texts_count++] =
		arena_dup(&judge->texts, template->text);
}

static int compare_keys(const void *a, const void *b)
{
	const uint64_t *left = a;
	const uint64_t *right = b;

	return (*left > *right) - (*left < *right);
}

const uint64_t *backtest_judge_candidates(struct backtest_judge *judge, size_t *count)
{
	if (judge->keys_count > 1)
		qsort(judge->keys, judge->keys_count, sizeof(*judge->keys),
		      compare_keys);
	*count = judge->keys_count;
	return judge->keys;
}

/* a generic rule yields to a specific one without a window */
static bool yields(struct backtest_judge *judge, const struct rule_subject *subject)
{
	const struct rules *specific = judge->rule.specific;
	struct rule_set none = { 0 };
	struct rule_set matched = { 0 };

	if (judge->specific_scratch == NULL)
		return false;
	rules_judge_event(specific, judge->specific_scratch, subject, &none, &matched);
	for (size_t i = 0; i < rules_count(specific); i++) {
		const struct rule *rule = rules_get(specific, i);

		if (rule_set_has(&matched, i) && !rule->generic && !rule->is_partner &&
		    rule->window.type == WINDOW_NONE)
			return true;
	}
	return false;
}

/* the fields that a lane's record had; what the columns say is what was stored */
static void read_record(struct backtest_judge *judge, const struct block_event *event,
			struct record *record)
{
	arena_reset(&judge->arena);
	parse_stored(event->raw, event->extra, event->observed_timestamp_us,
		     &judge->arena, record);
	record->timestamp_us = event->timestamp_us;
	record->severity = event->severity;
	record->service_name = event->service_name;
	record->host_name = event->host_name;
}

static bool judge_record(struct backtest_judge *judge,
			 const struct rule_subject *subject, struct rule_set *matched)
{
	const struct backtest_rule *rule = &judge->rule;
	bool any = false;

	if (rules_match_one(rule->rules, judge->scratch, subject, rule->index) &&
	    !yields(judge, subject)) {
		rule_set_put(matched, rule->index);
		any = true;
	}
	if (judge->has_partner &&
	    rules_match_one(rule->rules, judge->scratch, subject, rule->index + 1)) {
		rule_set_put(matched, rule->index + 1);
		any = true;
	}
	return any;
}

void backtest_judge_event(struct backtest_judge *judge, const struct scan_hit *hit)
{
	const struct block_event *event = &hit->event;
	struct record record = { 0 };
	struct rule_subject subject = { .record = &record };
	struct rule_set matched = { 0 };
	struct findings_event found = {
		.ingestion_id = hit->ingestion_id,
		.template_key = event->template_key,
		.block = (uint32_t)((uint64_t)hit->seq >> 32),
		.row = (uint32_t)hit->seq,
		.timestamp_us = event->timestamp_us == TIMESTAMP_NONE
					? event->observed_timestamp_us
					: event->timestamp_us,
		.record = &record,
	};
	const uint64_t *place = table_get(&judge->candidates, event->template_key);

	judge->stats.events++;
	if (place == NULL)
		return;
	if (judge->want_texts)
		subject.template_text = judge->template_texts[*place];
	read_record(judge, event, &record);
	if (!judge_record(judge, &subject, &matched))
		return;
	judge->stats.matching += rule_set_has(&matched, judge->rule.index);
	replay_add(judge->replay, &found, &matched, judge->rule.rules);
}

bool backtest_judge_full(const struct backtest_judge *judge)
{
	return replay_full(judge->replay);
}

void backtest_judge_see(struct backtest_judge *judge, int64_t moment_us)
{
	replay_see(judge->replay, moment_us);
}

struct backtest_stats *backtest_judge_stats(struct backtest_judge *judge)
{
	return &judge->stats;
}

void backtest_judge_write(struct backtest_judge *judge, struct json_out *out)
{
	size_t count = 0;
	size_t firing = 0;
	const struct replay_finding *findings = replay_finish(judge->replay, &count);

	while (firing < count && findings[firing].episodes.count > 0)
		firing++;
	json_key_uint(out, "keys", count);
	json_key_uint(out, "firing", firing);
	json_key(out, "findings");
	json_array_begin(out);
	for (size_t i = 0; i < count && i < BACKTEST_KEYS; i++)
		replay_render_finding(out, &findings[i], REPLAY_SEQS);
	json_array_end(out);
}
