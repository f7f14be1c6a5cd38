/* sift_text.c - the report for a person: findings first, then groups by weight */
#include <inttypes.h>
#include <stdio.h>

#include "base/timestamp.h"
#include "daemon/sift_columns.h"
#include "daemon/sift_draw.h"
#include "daemon/sift_pen.h"
#include "daemon/sift_report.h"

#define BOLD "1"
#define DIM "2"
#define VARIABLE "36"
#define LEVEL_CELLS 8
#define SERVICE_COLUMNS_MAX 20
#define SPAN_MAX 64
#define NUMBER_MAX 32

/* how wide the parts of a group's row are, for this terminal and this report */
struct layout {
	size_t count;
	size_t spark; /* 0: not shown, as for all these */
	size_t span;  /* first and last time */
	size_t service;
};

/* 1234567 as 1,234,567 */
static struct slice with_commas(uint64_t value, char out[NUMBER_MAX])
{
	char digits[NUMBER_MAX];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, value);
	size_t used = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[used++] = ',';
		out[used++] = digits[i];
	}
	return slice_of(out, used);
}

static void put_number(struct sift_pen *pen, const char *code, uint64_t value)
{
	char text[NUMBER_MAX];

	sift_pen_put(pen, code, with_commas(value, text));
}

static void put_number_right(struct sift_pen *pen, uint64_t value, size_t columns)
{
	char text[NUMBER_MAX];
	struct slice number = with_commas(value, text);

	if (number.len < columns)
		sift_pen_field(pen, NULL, SLICE(""), columns - number.len);
	sift_pen_put(pen, BOLD, number);
}

/* as short as tells it apart: a clock when all records are of one day */
static void format_time(const struct sift_stats *stats, int64_t time_us,
			char out[TIMESTAMP_TEXT_MAX])
{
	char text[TIMESTAMP_TEXT_MAX];
	int64_t first_day = stats->first_us / US_PER_DAY;
	bool one_day = first_day == stats->last_us / US_PER_DAY &&
		       first_day == time_us / US_PER_DAY;

	timestamp_format(time_us, text);
	text[10] = ' ';
	/* always fits */
	(void)snprintf(out, TIMESTAMP_TEXT_MAX, "%.*s", one_day ? 8 : 16,
		       one_day ? text + 11 : text);
}

static void format_span(const struct sift_stats *stats, int64_t first_us,
			int64_t last_us, char out[SPAN_MAX])
{
	char first[TIMESTAMP_TEXT_MAX];
	char last[TIMESTAMP_TEXT_MAX];

	out[0] = '\0';
	if (first_us == TIMESTAMP_NONE || stats->first_us == TIMESTAMP_NONE)
		return;
	format_time(stats, first_us, first);
	format_time(stats, last_us, last);
	/* always fits */
	if (strcmp(first, last) == 0)
		(void)snprintf(out, SPAN_MAX, "%s", first);
	else
		(void)snprintf(out, SPAN_MAX, "%s \xe2\x80\x93 %s", first, last);
}

/* the name in angle brackets at the start, as templates have it: "<num>", "<ip:port>";
 * 0: there is none */
static size_t variable_bytes(struct slice text)
{
	size_t at = 1;

	if (text.len < 2 || ((text.ptr[1] | 0x20) < 'a' && text.ptr[1] != '*') ||
	    (text.ptr[1] | 0x20) > 'z')
		return 0;
	while (at < text.len && at < 40 && text.ptr[at] != '>' && text.ptr[at] != '<' &&
	       text.ptr[at] > ' ')
		at++;
	return at > 1 && at < text.len && text.ptr[at] == '>' ? at + 1 : 0;
}

static void put_template(struct sift_pen *pen, struct slice text)
{
	/* what does not fit as a whole is cut by the pen in one piece, so that the
	 * ellipsis stands at the end of the line */
	while (text.len > 0 && pen->left > 0) {
		size_t plain = 0;
		size_t variable = 0;
		struct slice head = { 0 };

		while (plain < text.len &&
		       (text.ptr[plain] != '<' ||
			(variable = variable_bytes(slice_from(text, plain))) == 0))
			plain++;
		head = slice_head(text, plain > 0 ? plain : variable);
		if (columns_of(head) >= pen->left && head.len < text.len) {
			sift_pen_put(pen, plain > 0 ? NULL : VARIABLE, text);
			return;
		}
		sift_pen_put(pen, plain > 0 ? NULL : VARIABLE, head);
		text = slice_from(text, head.len);
	}
}

static const char *severity_code(enum finding_severity severity)
{
	static const char *const codes[] = { "1;36", "1;33", "1;31", "1;97;41" };

	return codes[severity];
}

static void put_finding(struct sift_pen *pen, const struct sift_stats *stats,
			const struct sift_finding *finding, size_t evidence_max)
{
	char span[SPAN_MAX];
	size_t skip = finding->evidence_count > evidence_max
			      ? finding->evidence_count - evidence_max
			      : 0;

	sift_pen_field(pen, severity_code(finding->severity),
		       slice_str(finding_severity_name(finding->severity)), 4);
	sift_pen_put(pen, NULL, SLICE("  "));
	put_number(pen, BOLD, finding->count);
	sift_pen_put(pen, NULL, SLICE("\xc3\x97  "));
	sift_pen_put(pen, BOLD, slice_str(finding->rule->title));
	if (finding->key.len > 0) {
		sift_pen_put(pen, NULL, SLICE("  "));
		sift_pen_put(pen, VARIABLE, finding->key);
	}
	format_span(stats, finding->first_us, finding->last_us, span);
	sift_pen_printf(pen, NULL, "%s%s", span[0] == '\0' ? "" : "  ", span);
	sift_pen_printf(pen, DIM, "  %s, %u%% sure, %" PRIu64 " template%s",
			finding->rule->id, finding->rule->confidence,
			finding->templates, finding->templates == 1 ? "" : "s");
	sift_pen_end_line(pen);
	for (size_t i = skip; i < finding->evidence_count; i++) {
		sift_pen_printf(pen, DIM, "%9" PRIu64 "  ", finding->evidence[i].line);
		sift_pen_put(pen, NULL, finding->evidence[i].raw);
		sift_pen_end_line(pen);
	}
}

static void put_findings(struct sift_pen *pen, const struct sift_report *report,
			 const struct sift_view *view)
{
	size_t evidence_max = view->rows > 0 ? 1 : SIFT_EVIDENCE;
	size_t shown = report->findings_count;

	if (shown == 0)
		return;
	/* heading, blank line and groups need the rest of the screen */
	if (view->rows > 0 && shown > view->rows / 4)
		shown = view->rows / 4;
	sift_pen_printf(pen, BOLD, "FINDINGS (%zu)", report->findings_count);
	if (shown < report->findings_count)
		sift_pen_printf(pen, DIM, "  the first %zu", shown);
	sift_pen_end_line(pen);
	for (size_t i = 0; i < shown; i++)
		put_finding(pen, report->stats, &report->findings[i], evidence_max);
	sift_pen_end_line(pen);
}

static void put_live(struct sift_pen *pen, int64_t seconds)
{
	sift_pen_put(pen, "30;42", SLICE(" live "));
	sift_pen_printf(pen, DIM, " %02d:%02d:%02d  Ctrl-C: final report   ",
			(int)(seconds / 3600), (int)(seconds / 60 % 60),
			(int)(seconds % 60));
}

static void put_summary(struct sift_pen *pen, const struct sift_report *report)
{
	const struct sift_stats *stats = report->stats;
	char span[SPAN_MAX];
	char first[TIMESTAMP_TEXT_MAX] = "";
	char last[TIMESTAMP_TEXT_MAX] = "";

	put_number(pen, BOLD, stats->records);
	sift_pen_put(pen, NULL, SLICE(" records"));
	sift_pen_put(pen, NULL, SLICE(" in "));
	put_number(pen, NULL, report->groups_count);
	sift_pen_printf(pen, NULL, " group%s", report->groups_count == 1 ? "" : "s");
	if (stats->first_us != TIMESTAMP_NONE) {
		timestamp_format(stats->first_us, first);
		timestamp_format(stats->last_us, last);
		first[10] = last[10] = ' ';
		if (strcmp(first, last) == 0)
			(void)snprintf(span, sizeof(span), "  %.19s UTC",
				       first); /* always fits */
		else
			(void)snprintf(span, sizeof(span),
				       "  %.19s \xe2\x80\x93 %.19s UTC", first,
				       last); /* always fits */
		sift_pen_put(pen, DIM, slice_str(span));
	}
	if (report->stopped)
		sift_pen_put(pen, DIM, SLICE("  stopped before the end of the input"));
	sift_pen_end_line(pen);
	if (report->ranged) {
		put_number(pen, NULL, stats->left_out);
		sift_pen_put(pen, NULL,
			     SLICE(" records outside --since and --until left out"));
		sift_pen_end_line(pen);
	}
	sift_pen_end_line(pen);
}

static struct layout lay_out(const struct sift_report *report,
			     const struct sift_view *view, size_t shown)
{
	struct layout layout = { .spark = 24 };
	char text[SPAN_MAX];

	if (view->columns < 120)
		layout.spark = view->columns < 80 ? 0 : 12;
	for (size_t i = 0; i < shown; i++) {
		const struct sift_group *group = &report->groups[i];
		size_t count = with_commas(group->count, text).len;
		size_t service = columns_of(group->service);
		size_t span = 0;

		format_span(report->stats, group->first_us, group->last_us, text);
		span = columns_of(slice_str(text));
		layout.count = count > layout.count ? count : layout.count;
		layout.service = service > layout.service ? service : layout.service;
		layout.span = span > layout.span ? span : layout.span;
	}
	if (layout.count < 5)
		layout.count = 5;
	if (layout.service > SERVICE_COLUMNS_MAX)
		layout.service = SERVICE_COLUMNS_MAX;
	if (layout.service > 0 && layout.service < 7)
		layout.service = 7;
	if (view->columns < 100)
		layout.service = 0;
	/* the template keeps half of the line */
	if (view->columns / 2 < layout.count + layout.spark + layout.service +
					layout.span + LEVEL_CELLS + 14)
		layout.span = 0;
	return layout;
}

static void put_headings(struct sift_pen *pen, const struct layout *layout)
{
	sift_pen_field(pen, NULL, SLICE(""), layout->count - 5);
	sift_pen_put(pen, DIM, SLICE("count   share  "));
	sift_pen_field(pen, DIM, SLICE("levels"), LEVEL_CELLS + 2);
	if (layout->spark > 0)
		sift_pen_field(pen, DIM, SLICE("trend"), layout->spark + 2);
	if (layout->span > 0)
		sift_pen_field(pen, DIM, SLICE("seen"), layout->span + 2);
	if (layout->service > 0)
		sift_pen_field(pen, DIM, SLICE("service"), layout->service + 2);
	sift_pen_put(pen, DIM, SLICE("template"));
	sift_pen_end_line(pen);
}

static void put_numbers(struct sift_pen *pen, const struct sift_report *report,
			const struct sift_group *group, const struct layout *layout)
{
	struct buf drawn = { 0 };
	char span[SPAN_MAX];

	put_number_right(pen, group->count, layout->count);
	sift_pen_printf(pen, NULL, "  %5.1f%%  ",
			100.0 * (double)group->count / (double)report->stats->records);
	draw_level_bar(&drawn, group->levels, LEVEL_CELLS, pen->colour);
	sift_pen_drawn(pen, buf_slice(&drawn), LEVEL_CELLS);
	sift_pen_put(pen, NULL, SLICE("  "));
	if (layout->spark > 0) {
		buf_clear(&drawn);
		draw_spark(&drawn, group->spark, report->spark_used, layout->spark);
		sift_pen_drawn(pen, buf_slice(&drawn), layout->spark);
		sift_pen_put(pen, NULL, SLICE("  "));
	}
	if (layout->span > 0) {
		format_span(report->stats, group->first_us, group->last_us, span);
		sift_pen_field(pen, DIM, slice_str(span), layout->span + 2);
	}
	buf_deinit(&drawn);
}

static void put_group(struct sift_pen *pen, const struct sift_report *report,
		      const struct sift_group *group, const struct layout *layout)
{
	struct buf text = { 0 };

	put_numbers(pen, report, group, layout);
	if (layout->service > 0) {
		sift_pen_field(pen, "35", group->service, layout->service);
		sift_pen_put(pen, NULL, SLICE("  "));
	}
	if (learner_group_text(report->learner, group->root, TEMPLATE_TYPED, &text))
		put_template(pen, buf_slice(&text));
	else
		sift_pen_put(pen, NULL, group->sample);
	sift_pen_end_line(pen);
	buf_deinit(&text);
}

static void put_groups(struct sift_pen *pen, const struct sift_report *report,
		       const struct sift_view *view)
{
	size_t shown = report->groups_count < view->groups_max ? report->groups_count
							       : view->groups_max;
	struct layout layout = { 0 };

	/* a heading, the headings of columns, and the last line */
	if (view->rows > 0 && shown + 3 > pen->rows)
		shown = pen->rows > 3 ? pen->rows - 3 : 0;
	layout = lay_out(report, view, shown);
	sift_pen_printf(pen, BOLD, "GROUPS (%zu)", report->groups_count);
	sift_pen_end_line(pen);
	put_headings(pen, &layout);
	for (size_t i = 0; i < shown; i++)
		put_group(pen, report, &report->groups[i], &layout);
	if (report->other->count > 0) {
		put_numbers(pen, report, report->other, &layout);
		if (layout.service > 0)
			sift_pen_field(pen, NULL, SLICE(""), layout.service + 2);
		sift_pen_printf(pen, DIM, "(other: %" PRIu64 " rare templates, summed)",
				report->other->templates);
		sift_pen_end_line(pen);
	}
	if (shown < report->groups_count) {
		sift_pen_printf(pen, DIM, "and %zu more groups%s",
				report->groups_count - shown,
				view->rows > 0 ? "" : "; --top 0 shows all");
		sift_pen_end_line(pen);
	}
}

void sift_report_text(const struct sift_report *report, const struct sift_view *view,
		      struct buf *out)
{
	struct sift_pen pen = { .out = out,
				.colour = view->colour,
				.screen = view->rows > 0,
				.columns = view->columns,
				.left = view->columns,
				.rows = view->rows > 0 ? view->rows : SIZE_MAX };

	if (view->rows > 0)
		put_live(&pen, view->live_seconds);
	put_summary(&pen, report);
	put_findings(&pen, report, view);
	if (report->groups_count > 0)
		put_groups(&pen, report, view);
}
