/* sift_json.c - the report as one JSON object; docs/sift.md describes it */
#include "base/json_out.h"
#include "base/timestamp.h"
#include "daemon/sift_report.h"

static void write_time(struct json_out *out, const char *key, int64_t time_us)
{
	char text[TIMESTAMP_TEXT_MAX];

	json_key(out, key);
	if (time_us == TIMESTAMP_NONE) {
		json_out_null(out);
		return;
	}
	timestamp_format(time_us, text);
	json_out_string(out, slice_str(text));
}

static void write_levels(struct json_out *out, const uint64_t levels[SEVERITY_COUNT])
{
	json_key(out, "levels");
	json_object_begin(out);
	for (size_t i = 1; i < SEVERITY_COUNT; i++) {
		if (levels[i] > 0)
			json_key_uint(out, severity_name((enum severity)i), levels[i]);
	}
	if (levels[SEVERITY_NONE] > 0)
		json_key_uint(out, "none", levels[SEVERITY_NONE]);
	json_object_end(out);
}

static void write_stats(struct json_out *out, const struct sift_report *report)
{
	const struct sift_stats *stats = report->stats;
	double seconds = stats->seconds > 0 ? stats->seconds : 1e-6;

	json_object_begin(out);
	json_key_uint(out, "bytes", stats->bytes);
	json_key_uint(out, "lines", stats->lines);
	json_key_uint(out, "records", stats->records);
	if (report->ranged)
		json_key_uint(out, "left_out", stats->left_out);
	json_key_uint(out, "groups", report->groups_count);
	json_key_uint(out, "findings", report->findings_count);
	json_key(out, "seconds");
	json_double(out, stats->seconds, 6);
	json_key(out, "mb_per_s");
	json_double(out, (double)stats->bytes / 1e6 / seconds, 3);
	json_object_end(out);
}

static void write_shapes(struct json_out *out, const struct sift_stats *stats)
{
	json_object_begin(out);
	json_key_uint(out, "hits", stats->shape_hits);
	json_key_uint(out, "misses", stats->shape_misses);
	json_key_uint(out, "evictions", stats->shape_evictions);
	json_object_end(out);
}

static void write_texts(struct json_out *out, const char *key, const char *const *texts,
			size_t count)
{
	json_key(out, key);
	json_array_begin(out);
	for (size_t i = 0; i < count; i++)
		json_out_string(out, slice_str(texts[i]));
	json_array_end(out);
}

/* what the rule says of itself, for who has to act */
static void write_advice(struct json_out *out, const struct rule *rule)
{
	json_key(out, "description");
	if (rule->description == NULL)
		json_out_null(out);
	else
		json_out_string(out, slice_str(rule->description));
	write_texts(out, "first_checks", rule->first_checks, rule->first_checks_count);
	write_texts(out, "references", rule->references, rule->references_count);
}

static void write_finding(struct json_out *out, const struct sift_finding *finding)
{
	json_object_begin(out);
	json_key_string(out, "rule", slice_str(finding->rule->id));
	json_key_string(out, "title", slice_str(finding->rule->title));
	json_key_string(out, "severity",
			slice_str(finding_severity_name(finding->severity)));
	json_key(out, "confidence");
	json_double(out, finding->rule->confidence / 100.0, 2);
	json_key(out, "key");
	if (finding->key.len == 0)
		json_out_null(out);
	else
		json_out_string(out, finding->key);
	write_advice(out, finding->rule);
	json_key_uint(out, "total_occurrences", finding->count);
	json_key_uint(out, "templates", finding->templates);
	write_time(out, "first_seen", finding->first_us);
	write_time(out, "last_seen", finding->last_us);
	json_key(out, "evidence");
	json_array_begin(out);
	for (size_t i = 0; i < finding->evidence_count; i++) {
		json_object_begin(out);
		json_key_uint(out, "line", finding->evidence[i].line);
		json_key_string(out, "raw", finding->evidence[i].raw);
		json_object_end(out);
	}
	json_array_end(out);
	json_object_end(out);
}

static void write_group(struct json_out *out, const struct sift_report *report,
			const struct sift_group *group)
{
	struct buf text = { 0 };

	json_object_begin(out);
	json_key_hex64(out, "group", group->root);
	(void)learner_text(report->learner, group->root,
			   &text); /* empty when evicted */
	json_key(out, "template");
	json_out_string(out, buf_slice(&text));
	json_key_uint(out, "count", group->count);
	json_key(out, "share");
	json_double(out, (double)group->count / (double)report->stats->records, 6);
	write_levels(out, group->levels);
	json_key_string(out, "service", group->service);
	write_time(out, "first_seen", group->first_us);
	write_time(out, "last_seen", group->last_us);
	json_key_uint(out, "first_line", group->first_line);
	json_key_uint(out, "templates", group->templates);
	json_key_string(out, "sample", group->sample);
	json_object_end(out);
	buf_deinit(&text);
}

/* null when every group has a row of its own */
static void write_other(struct json_out *out, const struct sift_group *other)
{
	json_key(out, "other");
	if (other->count == 0) {
		json_out_null(out);
		return;
	}
	json_object_begin(out);
	json_key_uint(out, "count", other->count);
	write_levels(out, other->levels);
	json_key_uint(out, "templates", other->templates);
	json_object_end(out);
}

void sift_report_json(const struct sift_report *report, struct buf *buf)
{
	struct json_out out = json_out_init(buf);

	json_object_begin(&out);
	json_key_uint(&out, "version", SIFT_JSON_VERSION);
	json_key(&out, "stats");
	write_stats(&out, report);
	json_key(&out, "shapes");
	write_shapes(&out, report->stats);
	json_key(&out, "findings");
	json_array_begin(&out);
	for (size_t i = 0; i < report->findings_count; i++)
		write_finding(&out, &report->findings[i]);
	json_array_end(&out);
	json_key(&out, "groups");
	json_array_begin(&out);
	for (size_t i = 0; i < report->groups_count; i++)
		write_group(&out, report, &report->groups[i]);
	json_array_end(&out);
	write_other(&out, report->other);
	json_object_end(&out);
	buf_append_char(buf, '\n');
}

void sift_report_stats(const struct sift_report *report, struct buf *buf)
{
	struct json_out out = json_out_init(buf);

	write_stats(&out, report);
	buf_append_char(buf, '\n');
}
