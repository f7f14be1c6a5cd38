/* sift_findings.c - one row per rule and key out of the batches' rows per template */
#include "daemon/sift_findings.h"

#include <stdlib.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "base/table.h"
#include "daemon/sift_windows.h"
#include "pipeline/findings.h"

#define EARLY (SIFT_EVIDENCE / 2)

struct sift_findings {
	struct sift_finding *rows;
	size_t count, capacity;
	size_t keyed; /* rows that have a key which is not the other one */
	bool full;    /* most of them were reached, so there is nothing to sum up */
	struct table index;     /* hash of rule and key -> place in rows */
	struct table templates; /* hash of rule, key and template: seen */
	struct sift_windows windows;
};

struct sift_findings *sift_findings_new(void)
{
	return mem_calloc(1, sizeof(struct sift_findings));
}

static void free_row(struct sift_finding *row)
{
	for (size_t i = 0; i < row->evidence_count; i++)
		mem_free(row->evidence[i].bytes);
	mem_free(row->key_bytes);
}

void sift_findings_free(struct sift_findings **findings)
{
	if (*findings == NULL)
		return;
	for (size_t i = 0; i < (*findings)->count; i++)
		free_row(&(*findings)->rows[i]);
	mem_free((*findings)->rows);
	table_deinit(&(*findings)->index);
	table_deinit(&(*findings)->templates);
	sift_windows_deinit(&(*findings)->windows);
	mem_free(*findings);
	*findings = NULL;
}

static uint64_t hash_of(const struct rule *rule, struct slice key)
{
	return hash64_mix(hash64(key, 0), (uint64_t)(uintptr_t)rule);
}

static bool is_keyed(struct slice key)
{
	return key.len > 0 && !slice_equal(key, SLICE(FINDINGS_OTHER_KEY));
}

static struct sift_finding *put_row(struct sift_findings *findings,
				    const struct rule *rule, struct slice key)
{
	bool added = false;
	uint64_t *place = table_put(&findings->index, hash_of(rule, key), &added);
	struct sift_finding *row = NULL;

	if (!added)
		return &findings->rows[*place];
	mem_grow(&findings->rows, &findings->capacity, findings->count,
		 sizeof(*findings->rows));
	*place = findings->count;
	row = &findings->rows[findings->count++];
	*row = (struct sift_finding){ .rule = rule,
				      .key_bytes = mem_slice_dup(key),
				      .reached = rule->window.type == WINDOW_NONE };
	row->key = slice_of(row->key_bytes, key.len);
	findings->keyed += is_keyed(key);
	return row;
}

/* the earliest two and the latest two stay, in order of lines */
static void offer_evidence(struct sift_finding *row, uint64_t line, struct slice raw)
{
	size_t at = row->evidence_count;
	size_t drop = SIFT_EVIDENCE;

	while (at > 0 && row->evidence[at - 1].line >= line)
		at--;
	if (at < row->evidence_count && row->evidence[at].line == line)
		return;
	if (row->evidence_count == SIFT_EVIDENCE) {
		if (at == EARLY)
			return;
		drop = at < EARLY ? EARLY - 1 : EARLY;
		mem_free(row->evidence[drop].bytes);
		at -= at > drop;
	} else {
		drop = row->evidence_count++;
	}
	if (at < drop)
		memmove(&row->evidence[at + 1], &row->evidence[at],
			(drop - at) * sizeof(row->evidence[0]));
	else
		memmove(&row->evidence[drop], &row->evidence[drop + 1],
			(at - drop) * sizeof(row->evidence[0]));
	raw = slice_head(raw, SIFT_EVIDENCE_BYTES);
	row->evidence[at] =
		(struct sift_evidence){ .line = line, .bytes = mem_slice_dup(raw) };
	row->evidence[at].raw = slice_of(row->evidence[at].bytes, raw.len);
}

static void widen(struct sift_finding *row, int64_t first_us, int64_t last_us,
		  enum finding_severity severity)
{
	if (row->count == 0 || first_us < row->first_us)
		row->first_us = first_us;
	if (row->count == 0 || last_us > row->last_us)
		row->last_us = last_us;
	if (row->count == 0 || severity > row->severity)
		row->severity = severity;
}

/* rows below their window's count, but those that sum up others, go into the other key
 * of their rule: when keys are without end, it is these that have no end */
static void sum_unreached(struct sift_findings *findings)
{
	struct sift_finding *rows = findings->rows;
	size_t count = findings->count;

	findings->rows = NULL;
	findings->count = findings->capacity = findings->keyed = 0;
	table_clear(&findings->index);
	for (size_t i = 0; i < count; i++) {
		struct sift_finding *row = &rows[i];
		bool stays = row->reached || !is_keyed(row->key);
		struct sift_finding *to =
			put_row(findings, row->rule,
				stays ? row->key : SLICE(FINDINGS_OTHER_KEY));

		to->reached |= stays && row->reached;
		widen(to, row->first_us, row->last_us, row->severity);
		to->count += row->count;
		to->templates += row->templates;
		for (size_t j = 0; j < row->evidence_count; j++)
			offer_evidence(to, row->evidence[j].line, row->evidence[j].raw);
		free_row(row);
	}
	mem_free(rows);
}

/* the row of rule and key, or that of further keys */
static struct sift_finding *row_of(struct sift_findings *findings,
				   const struct rule *rule, struct slice key)
{
	if (!is_keyed(key) || findings->keyed < SIFT_FINDINGS_MAX ||
	    table_get(&findings->index, hash_of(rule, key)) != NULL)
		return put_row(findings, rule, key);
	if (!findings->full)
		sum_unreached(findings);
	findings->full |= findings->keyed > SIFT_FINDINGS_MAX / 2;
	if (findings->keyed >= SIFT_FINDINGS_MAX)
		key = SLICE(FINDINGS_OTHER_KEY);
	return put_row(findings, rule, key);
}

static bool is_new_template(struct sift_findings *findings,
			    const struct batch_finding *from)
{
	uint64_t hash = hash64_mix(hash_of(from->rule, from->key), from->template_key);
	bool added = false;

	if (findings->templates.count >= SIFT_FINDING_TEMPLATES_MAX)
		return false;
	(void)table_put(&findings->templates, hash, &added); /* being there says it */
	return added;
}

static void absorb_row(struct sift_findings *findings, const struct batch_finding *from)
{
	struct sift_finding *row = row_of(findings, from->rule, from->key);

	widen(row, from->first_us, from->last_us, from->severity);
	row->count += from->count;
	row->templates += is_new_template(findings, from);
	for (size_t i = 0; i < from->head_count; i++)
		offer_evidence(row,
			       (uint64_t)from->head[i].block << 32 | from->head[i].row,
			       from->head[i].raw);
	for (size_t i = 0; i < from->tail_count; i++)
		offer_evidence(row,
			       (uint64_t)from->tail[i].block << 32 | from->tail[i].row,
			       from->tail[i].raw);
}

void sift_findings_absorb(struct sift_findings *findings, const struct batch *batch)
{
	for (size_t i = 0; i < batch->findings_count; i++)
		absorb_row(findings, &batch->findings[i]);
	for (size_t i = 0; i < batch->windows_count; i++) {
		const struct batch_window *window = &batch->windows[i];

		/* the others need all that was stored: the daemon judges them */
		if (window->rule->window.type != WINDOW_THRESHOLD)
			continue;
		if (sift_windows_add(&findings->windows,
				     hash_of(window->rule, window->key), window))
			row_of(findings, window->rule, window->key)->reached = true;
	}
}

static int by_importance(const void *a, const void *b)
{
	const struct sift_finding *left = a;
	const struct sift_finding *right = b;
	int order = 0;

	if (left->severity != right->severity)
		return left->severity > right->severity ? -1 : 1;
	if (left->rule->generic != right->rule->generic)
		return left->rule->generic ? 1 : -1;
	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	order = strcmp(left->rule->id, right->rule->id);
	return order != 0 ? order : slice_compare(left->key, right->key);
}

struct sift_finding *sift_findings_list(const struct sift_findings *findings,
					size_t *count)
{
	struct sift_finding *list =
		mem_calloc(findings->count, sizeof(struct sift_finding));
	size_t used = 0;

	for (size_t i = 0; i < findings->count; i++) {
		if (findings->rows[i].reached && findings->rows[i].count > 0)
			list[used++] = findings->rows[i];
	}
	if (used > 1)
		qsort(list, used, sizeof(*list), by_importance);
	*count = used;
	return list;
}
