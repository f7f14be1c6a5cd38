/* findings.c - occurrences, their evidence, and their keys
 *
 * The first events of a finding by time are kept as its head, the last ones of the rest
 * as its tail. A slot is written anew again and again, so its memory is reused:
 *
 *	arena [ capacity | raw bytes | captures ......... free ]
 *	                 ^ evidence.raw.ptr
 */
#include "pipeline/findings.h"

#include <stdio.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "pipeline/parse.h"
#include "pipeline/window.h"

#define KEY_HEX_BYTES 17

/* cut where no UTF-8 sequence is split */
static struct slice cut_key(struct slice key)
{
	size_t len = FINDING_KEY_MAX;

	if (key.len <= len)
		return key;
	while (len > FINDING_KEY_MAX - 4 &&
	       ((unsigned char)key.ptr[len] & 0xc0) == 0x80)
		len--;
	return slice_head(key, len);
}

static struct slice key_of(const struct rule *rule, const struct findings_event *event,
			   char hex[KEY_HEX_BYTES])
{
	const struct record *record = event->record;
	const char *level = severity_name(record->severity);
	int written = 0;

	if (!rule->grouped)
		return SLICE("");
	switch (rule->group_by) {
	case RULE_FIELD_SERVICE:
		return cut_key(record->service_name);
	case RULE_FIELD_HOST:
		return cut_key(record->host_name);
	case RULE_FIELD_ATTRIBUTE:
		return cut_key(record_attribute(record, rule->group_attribute));
	case RULE_FIELD_KIND:
		return slice_str(parsers[record->format].name);
	case RULE_FIELD_LEVEL:
		return level == NULL ? SLICE("") : slice_str(level);
	case RULE_FIELD_GROUP:
		written = snprintf(hex, KEY_HEX_BYTES, "%016llx",
				   (unsigned long long)event->template_key);
		return slice_of(hex, (size_t)written);
	case RULE_FIELD_MESSAGE:
	case RULE_FIELD_TEMPLATE:
		break; /* refused when the rule was read */
	}
	return SLICE("");
}

static bool is_same(const struct batch_finding *a, const struct batch_finding *b)
{
	return a->template_key == b->template_key && a->rule == b->rule &&
	       a->ingestion_id == b->ingestion_id && a->project_id == b->project_id &&
	       slice_equal(a->key, b->key);
}

static uint64_t hash_of(const struct batch_finding *finding)
{
	uint64_t hash = hash64(finding->key, finding->template_key);

	hash = hash64_mix(hash, (uint64_t)(uintptr_t)finding->rule);
	return hash64_mix(hash, (uint64_t)finding->ingestion_id);
}

/* on a collision of hashes the next one of a fixed sequence is tried; *hash is that of
 * the finding, or of the place where it would be */
static struct batch_finding *find(const struct batch *batch,
				  const struct batch_finding *wanted, uint64_t *hash)
{
	const uint64_t *place = NULL;

	*hash = hash_of(wanted);
	while ((place = table_get(&batch->findings_index, *hash)) != NULL) {
		struct batch_finding *finding = &batch->findings[*place - 1];

		if (is_same(finding, wanted))
			return finding;
		*hash = hash64_mix(*hash, 1);
	}
	return NULL;
}

static struct batch_finding *find_or_add(struct batch *batch,
					 struct batch_finding *wanted)
{
	uint64_t hash = 0;
	struct batch_finding *finding = find(batch, wanted, &hash);

	if (finding == NULL && batch->findings_count >= BATCH_FINDINGS_MAX &&
	    wanted->key.len > 0) {
		wanted->key = SLICE(FINDINGS_OTHER_KEY);
		finding = find(batch, wanted, &hash);
	}
	if (finding != NULL)
		return finding;
	mem_grow(&batch->findings, &batch->findings_capacity, batch->findings_count,
		 sizeof(*batch->findings));
	finding = &batch->findings[batch->findings_count++];
	*finding = *wanted;
	finding->key = arena_dup(&batch->arena, wanted->key);
	*table_put(&batch->findings_index, hash, NULL) = batch->findings_count;
	return finding;
}

static void keep_evidence(struct batch *batch, struct batch_evidence *evidence,
			  const struct findings_event *event)
{
	struct slice raw = slice_head(event->record->raw, EVIDENCE_RAW_MAX);
	size_t len = raw.len + event->captures.len;
	size_t capacity = 0;
	char *bytes = NULL;

	if (evidence->raw.ptr != NULL)
		memcpy(&capacity, evidence->raw.ptr - sizeof(capacity),
		       sizeof(capacity));
	if (capacity < len || evidence->raw.ptr == NULL) {
		/* doubled, so that what a slot leaves behind is no more than it holds
		 */
		capacity = capacity * 2 > len ? capacity * 2 : len;
		bytes = (char *)arena_alloc(&batch->arena,
					    sizeof(capacity) + capacity) +
			sizeof(capacity);
		memcpy(bytes - sizeof(capacity), &capacity, sizeof(capacity));
	} else {
		/* the bytes are this function's own, so it may drop the const */
		memcpy(&bytes, &evidence->raw.ptr, sizeof(bytes));
	}
	if (raw.len > 0)
		memcpy(bytes, raw.ptr, raw.len);
	if (event->captures.len > 0)
		memcpy(bytes + raw.len, event->captures.ptr, event->captures.len);
	*evidence = (struct batch_evidence){
		.block = event->block,
		.row = event->row,
		.timestamp_us = event->timestamp_us,
		.raw = slice_of(bytes, raw.len),
		.captures = slice_of(bytes + raw.len, event->captures.len),
	};
}

/* by time, then raw bytes: where events came from and when does not matter */
static int compare_evidence(const struct batch_evidence *a,
			    const struct batch_evidence *b)
{
	size_t len = a->raw.len < b->raw.len ? a->raw.len : b->raw.len;
	int order = 0;

	if (a->timestamp_us != b->timestamp_us)
		return a->timestamp_us < b->timestamp_us ? -1 : 1;
	order = len == 0 ? 0 : memcmp(a->raw.ptr, b->raw.ptr, len);
	if (order != 0)
		return order;
	return (a->raw.len > b->raw.len) - (a->raw.len < b->raw.len);
}

/* the one that would go first: of a head the last, of a tail the first; full */
static struct batch_evidence *weakest(struct batch_evidence *edge, int sign)
{
	struct batch_evidence *found = edge;

	for (size_t i = 1; i < EVIDENCE_EDGE; i++) {
		if (sign * compare_evidence(&edge[i], found) > 0)
			found = &edge[i];
	}
	return found;
}

static void add_evidence(struct batch *batch, struct batch_finding *finding,
			 const struct findings_event *event)
{
	const struct batch_evidence wanted = {
		.timestamp_us = event->timestamp_us,
		.raw = slice_head(event->record->raw, EVIDENCE_RAW_MAX),
	};
	struct batch_evidence *last = NULL;
	struct batch_evidence *place = NULL;
	struct batch_evidence moved = { 0 };

	if (finding->head_count < EVIDENCE_EDGE) {
		keep_evidence(batch, &finding->head[finding->head_count++], event);
		return;
	}
	last = weakest(finding->head, 1);
	place = finding->tail_count < EVIDENCE_EDGE
			? &finding->tail[finding->tail_count]
			: weakest(finding->tail, -1);
	if (compare_evidence(&wanted, last) < 0) {
		/* the head's last one is a candidate for the tail then; the new one
		 * gets the memory of whichever goes */
		moved = *last;
		if (finding->tail_count < EVIDENCE_EDGE ||
		    compare_evidence(&moved, place) > 0) {
			*last = *place;
			*place = moved;
			finding->tail_count += finding->tail_count < EVIDENCE_EDGE;
		}
		keep_evidence(batch, last, event);
	} else if (finding->tail_count < EVIDENCE_EDGE ||
		   compare_evidence(&wanted, place) > 0) {
		finding->tail_count += finding->tail_count < EVIDENCE_EDGE;
		keep_evidence(batch, place, event);
	}
}

static void add_name(struct batch *batch, struct batch_names *names, struct slice name)
{
	/* the last one found is mostly the one */
	for (size_t i = names->count; i-- > 0;) {
		if (slice_equal(names->items[i], name))
			return;
	}
	if (names->count < FINDING_NAMES_MAX)
		names->items[names->count++] = arena_dup(&batch->arena, cut_key(name));
}

static void add_moment(struct batch_finding *finding, int64_t moment_us)
{
	if (moment_us < finding->first_us)
		finding->first_us = moment_us;
	if (moment_us > finding->last_us)
		finding->last_us = moment_us;
	if (finding->rule->window.type == WINDOW_NONE)
		runs_add(&finding->runs, moment_us, finding->rule->quiet_us);
}

static void count_in_window(struct batch *batch, const struct findings_event *event,
			    const struct rule *rule, bool is_partner, struct slice key)
{
	const struct window_event counted = {
		.project_id = event->project_id,
		.timestamp_us = event->timestamp_us,
		.template_key = event->template_key,
		.record = event->record,
	};

	window_add(batch, &counted, rule, is_partner, key);
}

static void add_one(struct batch *batch, const struct findings_event *event,
		    const struct rule *rule, bool is_partner)
{
	char hex[KEY_HEX_BYTES];
	enum finding_severity severity = rule_severity(rule, event->record->severity);
	struct batch_finding wanted = {
		.project_id = event->project_id,
		.ingestion_id = event->ingestion_id,
		.rule = rule,
		.severity = severity,
		.key = key_of(rule, event, hex),
		.template_key = event->template_key,
		.first_us = event->timestamp_us,
		.last_us = event->timestamp_us,
	};
	struct batch_finding *finding = NULL;

	if (rule->window.type != WINDOW_NONE)
		count_in_window(batch, event, rule, is_partner, wanted.key);
	/* what is only compared with is no occurrence */
	if (is_partner && rule->window.type == WINDOW_RATE_RATIO)
		return;
	finding = find_or_add(batch, &wanted);
	finding->count++;
	if (severity > finding->severity)
		finding->severity = severity;
	add_moment(finding, event->timestamp_us);
	add_name(batch, &finding->services, event->record->service_name);
	add_name(batch, &finding->hosts, event->record->host_name);
	add_evidence(batch, finding, event);
}

void findings_settle(struct batch *batch)
{
	for (size_t i = 0; i < batch->findings_count; i++)
		runs_settle(&batch->findings[i].runs,
			    batch->findings[i].rule->quiet_us);
}

/* what the rule's named groups hold goes with the evidence */
static void add_with_captures(struct batch *batch, const struct findings_event *event,
			      const struct rules *rules, size_t index)
{
	const struct rule_subject subject = { .record = event->record };
	struct findings_event captured = *event;
	struct buf text = { 0 };

	rules_capture(rules, index, &subject, &text);
	captured.captures = buf_slice(&text);
	add_one(batch, &captured, rules_get(rules, index), false);
	buf_deinit(&text);
}

void findings_add(struct batch *batch, const struct findings_event *event,
		  const struct rule_set *matched, const struct rules *rules)
{
	size_t words = (rules_count(rules) + 63) / 64;

	for (size_t i = 0; i < words; i++) {
		for (uint64_t left = matched->bits[i]; left != 0; left &= left - 1) {
			size_t index = i * 64 + (size_t)__builtin_ctzll(left);

			const struct rule *rule = rules_get(rules, index);

			if (rule->is_partner)
				add_one(batch, event, rules_get(rules, index - 1),
					true);
			else if (rule->captures)
				add_with_captures(batch, event, rules, index);
			else
				add_one(batch, event, rule, false);
		}
	}
}
