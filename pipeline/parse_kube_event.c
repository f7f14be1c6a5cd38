/* parse_kube_event.c - rows of `kubectl get events`, plain and wide:
 *
 *   2m15s  Warning  BackOff  pod/api-1  [spec.containers{a}]  [kubelet, node-1] MESSAGE
 *   [FIRST SEEN  COUNT  NAME]
 *
 * Columns are parted by two blanks and more. The age tells no time: when the table was
 * printed is not written in it. */
#include "pipeline/byte_class.h"
#include "pipeline/parse.h"

#define COLUMNS_MAX 12

static bool is_unit(char c)
{
	return c == 's' || c == 'm' || c == 'h' || c == 'd' || c == 'y';
}

/* "2m15s", "3d", "<unknown>" */
static bool is_age(struct slice text)
{
	bool unit = false;

	if (slice_equal(text, SLICE("<unknown>")))
		return true;
	if (text.len == 0 || !byte_is(text.ptr[0], BYTE_DIGIT))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unit = is_unit(text.ptr[i]);
		if (!unit && !byte_is(text.ptr[i], BYTE_DIGIT))
			return false;
	}
	return unit;
}

static size_t split_columns(struct slice line, struct slice columns[COLUMNS_MAX])
{
	size_t count = 0;
	size_t at = 0;

	while (at < line.len && count < COLUMNS_MAX) {
		size_t begin = at;

		while (at < line.len && (line.ptr[at] != ' ' || at + 1 == line.len ||
					 line.ptr[at + 1] != ' '))
			at++;
		columns[count++] = slice_trim(slice_of(line.ptr + begin, at - begin));
		while (at < line.len && line.ptr[at] == ' ')
			at++;
	}
	return count;
}

bool parse_kube_event(const struct parse_input *input, struct record *record)
{
	struct slice columns[COLUMNS_MAX];
	const char *blank = input->raw.len == 0
				    ? NULL
				    : memchr(input->raw.ptr, ' ', input->raw.len);

	if (blank == NULL ||
	    !is_age(slice_head(input->raw, (size_t)(blank - input->raw.ptr))))
		return false;

	size_t count = split_columns(input->raw, columns);

	if (count < 5 || memchr(columns[3].ptr, '/', columns[3].len) == NULL)
		return false;
	if (slice_equal(columns[1], SLICE("Warning")))
		record->severity = SEVERITY_WARN;
	else if (slice_equal(columns[1], SLICE("Normal")))
		record->severity = SEVERITY_INFO;
	else
		return false;
	record->severity_text = columns[1];
	record_add_attribute(record, SLICE("k8s.event.reason"), columns[2]);
	record_add_attribute(record, SLICE("k8s.object"), columns[3]);

	/* the wide form ends with an age, a count and a name */
	bool wide = count >= 8 && is_age(columns[count - 3]);

	record->body = columns[wide ? count - 4 : count - 1];
	record->confidence = 85;
	return true;
}
