/* sift_findings.c - one entry per rule and key out of the batch's rows per template */
#include <stdlib.h>

#include "base/hash64.h"
#include "base/mem.h"
#include "base/table.h"
#include "daemon/sift_report.h"
#include "pipeline/window.h"

static uint64_t key_of(const struct batch_finding *row)
{
	return hash64_mix(hash64(row->key, 0), (uint64_t)(uintptr_t)row->rule);
}

/* keeps the earliest two and the latest two */
static void offer_evidence(struct sift_finding *finding,
			   const struct batch_evidence *evidence)
{
	const size_t max = ARRAY_LEN(finding->evidence);
	size_t at = 0;

	while (at < finding->evidence_count &&
	       finding->evidence[at]->row < evidence->row)
		at++;
	if (at < finding->evidence_count && finding->evidence[at]->row == evidence->row)
		return;
	if (finding->evidence_count < max) {
		memmove(&finding->evidence[at + 1], &finding->evidence[at],
			(finding->evidence_count - at) * sizeof(finding->evidence[0]));
		finding->evidence[at] = evidence;
		finding->evidence_count++;
	} else if (at < max / 2) {
		memmove(&finding->evidence[at + 1], &finding->evidence[at],
			(max / 2 - 1 - at) * sizeof(finding->evidence[0]));
		finding->evidence[at] = evidence;
	} else if (at > max / 2) {
		memmove(&finding->evidence[max / 2], &finding->evidence[max / 2 + 1],
			(at - 1 - max / 2) * sizeof(finding->evidence[0]));
		finding->evidence[at - 1] = evidence;
	}
}

static void add_row(struct sift_finding *finding, const struct batch_finding *row)
{
	if (finding->count == 0 || row->first_us < finding->first_us)
		finding->first_us = row->first_us;
	if (finding->count == 0 || row->last_us > finding->last_us)
		finding->last_us = row->last_us;
	if (row->severity > finding->severity)
		finding->severity = row->severity;
	finding->count += row->count;
	finding->templates++;
	for (size_t i = 0; i < row->head_count; i++)
		offer_evidence(finding, &row->head[i]);
	for (size_t i = 0; i < row->tail_count; i++)
		offer_evidence(finding, &row->tail[i]);
}

static int by_importance(const void *a, const void *b)
{
	const struct sift_finding *left = a;
	const struct sift_finding *right = b;

	if (left->severity != right->severity)
		return left->severity > right->severity ? -1 : 1;
	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return strcmp(left->rule->id, right->rule->id);
}

struct sift_finding *sift_findings_fold(const struct batch *batch, size_t *count)
{
	struct sift_finding *findings =
		mem_calloc(batch->findings_count, sizeof(*findings));
	struct table index = { 0 };
	size_t used = 0;

	for (size_t i = 0; i < batch->findings_count; i++) {
		const struct batch_finding *row = &batch->findings[i];
		bool added = false;
		uint64_t *place = NULL;

		if (row->rule->window.type != WINDOW_NONE &&
		    !window_reached(batch, row->rule, row->key))
			continue;
		place = table_put(&index, key_of(row), &added);
		if (added) {
			*place = used;
			findings[used++] = (struct sift_finding){ .rule = row->rule,
								  .key = row->key };
		}
		add_row(&findings[*place], row);
	}
	if (used > 1)
		qsort(findings, used, sizeof(*findings), by_importance);
	table_deinit(&index);
	*count = used;
	return findings;
}
