/* sift_text.c - the report for a person: findings first, then groups by weight */
#include <inttypes.h>

#include "base/timestamp.h"
#include "base/utf8.h"
#include "daemon/sift_report.h"

#define ESC "\x1b["
#define EVIDENCE_COLUMNS 160

struct painter {
	struct buf *out;
	bool colour;
	size_t columns;
};

static void paint(const struct painter *painter, const char *code)
{
	if (painter->colour)
		buf_printf(painter->out, ESC "%sm", code);
}

static const char *severity_code(enum finding_severity severity)
{
	static const char *const codes[] = { "36", "33", "31", "1;31" };

	return codes[severity];
}

static const char *level_code(enum severity severity)
{
	if (severity >= SEVERITY_CRITICAL)
		return "1;31";
	if (severity == SEVERITY_ERROR)
		return "31";
	if (severity == SEVERITY_WARN)
		return "33";
	return "2";
}

/* one line of text: control bytes and bad UTF-8 escaped, cut at so many characters */
static void print_line(struct buf *out, struct slice text, size_t columns)
{
	size_t used = 0;

	while (text.len > 0 && used < columns) {
		size_t width = utf8_sequence(text);
		unsigned char first = (unsigned char)text.ptr[0];

		if (first == '\n') {
			buf_append_str(out, " \xe2\x8f\x8e ");
			used += 2;
			width = 1;
		} else if (width == 0 || first < 0x20 || first == 0x7f) {
			buf_printf(out, "\\x%02x", first);
			used += 3;
			width = 1;
		} else {
			buf_append(out, text.ptr, width);
		}
		used++;
		text = slice_from(text, width);
	}
	if (text.len > 0)
		buf_append_str(out, "\xe2\x80\xa6");
}

/* variables stand in angle brackets */
static void print_template(const struct painter *painter, struct slice text)
{
	size_t used = 0;

	while (text.len > 0 && used < painter->columns) {
		const char *open = memchr(text.ptr, '<', text.len);
		size_t plain = open == NULL ? text.len : (size_t)(open - text.ptr);
		const char *close = NULL;

		print_line(painter->out, slice_head(text, plain),
			   painter->columns - used);
		used += plain;
		text = slice_from(text, plain);
		if (text.len == 0 || used >= painter->columns)
			break;
		close = memchr(text.ptr, '>', text.len);
		plain = close == NULL ? text.len : (size_t)(close - text.ptr) + 1;
		paint(painter, "36");
		print_line(painter->out, slice_head(text, plain),
			   painter->columns - used);
		paint(painter, "0");
		used += plain;
		text = slice_from(text, plain);
	}
}

static void print_span(const struct painter *painter, int64_t first_us, int64_t last_us)
{
	char first[TIMESTAMP_TEXT_MAX];
	char last[TIMESTAMP_TEXT_MAX];

	if (first_us == TIMESTAMP_NONE)
		return;
	timestamp_format(first_us, first);
	timestamp_format(last_us, last);
	paint(painter, "2");
	buf_printf(painter->out, "  %.19s", first);
	if (first_us != last_us)
		buf_printf(painter->out, " .. %.19s", last);
	paint(painter, "0");
}

static void print_finding(const struct painter *painter,
			  const struct sift_finding *finding)
{
	paint(painter, severity_code(finding->severity));
	buf_printf(painter->out, "%-4s", finding_severity_name(finding->severity));
	paint(painter, "0");
	buf_printf(painter->out, " %s", finding->rule->title);
	if (finding->key.len > 0) {
		buf_append_str(painter->out, " [");
		print_line(painter->out, finding->key, 60);
		buf_append_str(painter->out, "]");
	}
	buf_printf(painter->out, "  %" PRIu64 " in %" PRIu64 " template%s  (%s, %u%%)",
		   finding->count, finding->templates,
		   finding->templates == 1 ? "" : "s", finding->rule->id,
		   finding->rule->confidence);
	print_span(painter, finding->first_us, finding->last_us);
	buf_append_char(painter->out, '\n');
	for (size_t i = 0; i < finding->evidence_count; i++) {
		const struct batch_evidence *evidence = finding->evidence[i];

		paint(painter, "2");
		buf_printf(painter->out, "     %8" PRIu32 ": ", evidence->row);
		paint(painter, "0");
		print_line(painter->out, evidence->raw,
			   painter->columns > 16 ? painter->columns - 16
						 : EVIDENCE_COLUMNS);
		buf_append_char(painter->out, '\n');
	}
}

static void print_spark(struct buf *out, const uint64_t spark[SIFT_SPARK])
{
	static const char *const bars[] = { " ",
					    "\xe2\x96\x81",
					    "\xe2\x96\x82",
					    "\xe2\x96\x83",
					    "\xe2\x96\x84",
					    "\xe2\x96\x85",
					    "\xe2\x96\x86",
					    "\xe2\x96\x87",
					    "\xe2\x96\x88" };
	uint64_t most = 1;

	for (size_t i = 0; i < SIFT_SPARK; i++) {
		if (spark[i] > most)
			most = spark[i];
	}
	for (size_t i = 0; i < SIFT_SPARK; i++)
		buf_append_str(out, bars[spark[i] == 0 ? 0 : 1 + spark[i] * 7 / most]);
}

static enum severity worst_level(const struct sift_group *group)
{
	for (size_t i = SEVERITY_COUNT; i-- > 1;) {
		if (group->levels[i] > 0)
			return (enum severity)i;
	}
	return SEVERITY_NONE;
}

static void print_group(const struct painter *painter, const struct sift_report *report,
			const struct sift_group *group)
{
	struct buf text = { 0 };
	enum severity level = worst_level(group);

	buf_printf(painter->out, "%9" PRIu64 " %5.1f%% ", group->count,
		   100.0 * (double)group->count / (double)report->stats->records);
	paint(painter, level_code(level));
	buf_printf(painter->out, "%-8s",
		   level == SEVERITY_NONE ? "-" : severity_name(level));
	paint(painter, "0");
	buf_append_char(painter->out, ' ');
	print_spark(painter->out, group->spark);
	buf_append_char(painter->out, ' ');
	if (learner_group_text(report->learner, group->root, TEMPLATE_TYPED, &text))
		print_template(painter, buf_slice(&text));
	else
		print_line(painter->out, group->sample, painter->columns);
	buf_append_char(painter->out, '\n');
	buf_deinit(&text);
}

void sift_report_text(const struct sift_report *report, bool colour, size_t groups_max,
		      size_t columns, struct buf *out)
{
	const struct painter whole = { out, colour, columns };
	const struct painter narrow = { out, colour, columns > 80 ? columns - 52 : 60 };
	size_t shown =
		report->groups_count < groups_max ? report->groups_count : groups_max;

	if (report->findings_count > 0) {
		paint(&whole, "1");
		buf_printf(out, "Findings (%zu)\n", report->findings_count);
		paint(&whole, "0");
		for (size_t i = 0; i < report->findings_count; i++)
			print_finding(&whole, &report->findings[i]);
		buf_append_char(out, '\n');
	}
	paint(&whole, "1");
	buf_printf(out, "Groups (%zu) of %" PRIu64 " records in %" PRIu64 " lines\n",
		   report->groups_count, report->stats->records, report->stats->lines);
	paint(&whole, "0");
	for (size_t i = 0; i < shown; i++)
		print_group(&narrow, report, &report->groups[i]);
	if (shown < report->groups_count)
		buf_printf(out, "  ... and %zu more; --top 0 shows all\n",
			   report->groups_count - shown);
}
