/* header.c - two phases: the last stamp near the line's start, then what a header holds
 * behind it (levels, numbers, bracket groups, a component), until a byte of prose.
 * A cursor only moves forward; every rule either consumes or leaves it alone. */
#include "pipeline/header.h"

#include "base/compiler.h"
#include "pipeline/byte_class.h"
#include "pipeline/format.h"

#define FIELDS_BETWEEN_MAX 4
#define LEVEL_AHEAD_MAX 5
#define NUMBERS_MAX 2
#define GROUPS_MAX 2
#define GROUP_BYTES_MAX 120
#define PIPES_MAX 4
#define LEVEL_LEN_MAX 13

struct scanner {
	const char *text;
	const char *at;
	const char *end;
	const struct timestamp_context *context;
	struct header *out;
	enum timestamp_shape shape; /* of the last stamp */
	bool stamped;
	bool stamp_is_zoned_iso; /* begins the line, has T: rsyslog's file format */
	char closer;             /* of a bracket that opened before the stamp */
	bool leveled;
	bool component;
	unsigned numbers;
	unsigned groups;
};

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && byte_is(*at, BYTE_BLANK))
		at++;
	return at;
}

static const char *field_end(const char *at, const char *end)
{
	while (at < end && !byte_is(*at, BYTE_BLANK))
		at++;
	return at;
}

static char byte_at(const struct scanner *s, const char *at)
{
	return at < s->end ? *at : '\0';
}

static bool blank_or_end(const struct scanner *s, const char *at)
{
	return at >= s->end || byte_is(*at, BYTE_BLANK);
}

static struct header_span span_of(const struct scanner *s, const char *from,
				  const char *to)
{
	return (struct header_span){ (uint32_t)(from - s->text),
				     (uint32_t)(to - from) };
}

static char closer_of(char opener)
{
	switch (opener) {
	case '[':
		return ']';
	case '(':
		return ')';
	case '<':
		return '>';
	case '{':
		return '}';
	default:
		return '\0';
	}
}

/* an upper-case word alone is a level anywhere; others need more around them */
enum level_case { LEVEL_UPPER, LEVEL_CAPITALIZED, LEVEL_LOWER };

struct level {
	enum severity severity;
	enum level_case letter_case;
	size_t len;
};

static bool read_level(const char *at, const char *end, struct level *level)
{
	size_t len = 0;
	unsigned classes = 0;
	size_t max =
		(size_t)(end - at) < LEVEL_LEN_MAX ? (size_t)(end - at) : LEVEL_LEN_MAX;

	while (len < max && byte_is(at[len], BYTE_ALPHA)) {
		if (len > 0)
			classes |= byte_classes[(unsigned char)at[len]];
		len++;
	}
	if (len == 5 && len < max && byte_is(at[len], BYTE_DIGIT))
		len++;
	if (len < 2 || (at + len < end && byte_is(at[len], BYTE_ALNUM)))
		return false;
	if (byte_is(at[0], BYTE_LOWER))
		level->letter_case = LEVEL_LOWER;
	else
		level->letter_case =
			(classes & BYTE_LOWER) != 0 ? LEVEL_CAPITALIZED : LEVEL_UPPER;
	if ((classes & BYTE_UPPER) != 0 && level->letter_case != LEVEL_UPPER)
		return false;
	level->len = len;
	level->severity = severity_of_word(slice_of(at, len));
	return level->severity != SEVERITY_NONE;
}

static void set_level(struct scanner *s, const char *at, const struct level *level)
{
	s->leveled = true;
	s->out->severity = level->severity;
	s->out->severity_text = span_of(s, at, at + level->len);
}

static bool is_level_end(char c)
{
	return c == '\0' || c == ':' || c == ',' || c == '|' || c == ']' || c == ')' ||
	       c == '>' || byte_is(c, BYTE_BLANK);
}

/* "[INFO]", "(warn)", "<Error>", "[ INFO ]", "[INFO ]": bytes with brackets, or 0 */
static size_t read_bracketed_level(const struct scanner *s, const char *at,
				   struct level *level, const char **word)
{
	char closer = closer_of(byte_at(s, at));

	if (closer == '\0')
		return 0;
	*word = skip_blanks(at + 1, s->end);

	const char *behind = *word;

	if (read_level(*word, s->end, level)) {
		behind = *word + level->len;
	} else {
		level->severity = severity_of_word(slice_of(*word, *word < s->end));
		level->len = 1;
		if (!byte_is(byte_at(s, *word), BYTE_UPPER) ||
		    level->severity == SEVERITY_NONE)
			return 0;
		behind = *word + 1;
	}
	behind = skip_blanks(behind, s->end);
	return byte_at(s, behind) == closer ? (size_t)(behind + 1 - at) : 0;
}

/* phase 1 */

static size_t read_stamp(struct scanner *s, const char *at,
			 struct timestamp_match *match)
{
	if (byte_is(*at, BYTE_ALNUM))
		return timestamp_scan(slice_of(at, (size_t)(s->end - at)), s->context,
				      match);

	char closer = closer_of(*at);

	if (closer == '\0')
		return 0;

	const char *inside = skip_blanks(at + 1, s->end);
	size_t len = timestamp_scan(slice_of(inside, (size_t)(s->end - inside)),
				    s->context, match);

	if (len == 0)
		return 0;
	inside = inside + len;
	if (byte_at(s, inside) == closer)
		return (size_t)(inside + 1 - at);
	s->closer = closer;
	return (size_t)(inside - at);
}

static void take_stamp(struct scanner *s, const char *at, size_t len,
		       const struct timestamp_match *match)
{
	/* of several, the one that says most; a later one of the same kind wins */
	if (match->us != TIMESTAMP_NONE &&
	    (s->out->timestamp_us == TIMESTAMP_NONE || match->shape >= s->shape))
		s->out->timestamp_us = match->us;
	s->stamp_is_zoned_iso = at == s->text && match->shape == TIMESTAMP_FULL &&
				len >= 20 && at[10] == 'T';
	s->shape = match->shape;
	s->stamped = true;
	s->at = at + len;
}

static bool is_lower_word(const char *at, const char *end)
{
	for (; at < end; at++) {
		if (!byte_is(*at, BYTE_LOWER))
			return false;
	}
	return true;
}

/* the field holds a level, or - behind a stamp - what only stands behind stamps */
static bool field_stops_stamps(const struct scanner *s, const char *at, const char *to)
{
	struct level level;
	const char *word = NULL;

	if (byte_is(*at, BYTE_UPPER) && read_level(at, to, &level) &&
	    level.letter_case == LEVEL_UPPER &&
	    is_level_end(byte_at(s, at + level.len)))
		return true;
	if (read_bracketed_level(s, at, &level, &word) > 0)
		return true;
	return s->stamped && (to[-1] == ':' || *at == '[' ||
			      memchr(at, '|', (size_t)(to - at)) != NULL);
}

static void find_stamps(struct scanner *s)
{
	const char *limit = s->end - s->text > HEADER_BYTES_MAX
				    ? s->text + HEADER_BYTES_MAX
				    : s->end;
	const char *at = s->text;
	unsigned others = 0;
	unsigned words = 0;

	for (unsigned items = 0; items < HEADER_ITEMS_MAX; items++) {
		struct timestamp_match match;

		at = skip_blanks(at, limit);
		if (at >= limit)
			return;

		size_t len = read_stamp(s, at, &match);

		if (len > 0) {
			take_stamp(s, at, len, &match);
			at = s->at;
			others = 0;
			continue;
		}

		const char *to = field_end(at, s->end);

		if (field_stops_stamps(s, at, to) || ++others > FIELDS_BETWEEN_MAX)
			return;
		/* prose that mentions a time is no header */
		if (is_lower_word(at, to) && (s->stamped || ++words > 1))
			return;
		at = to;
	}
}

/* phase 2 */

/* "cron[123]:", "pam(x)[1]:", "kernel:": sets service and pid, moves behind the colon
 */
static bool take_tag(struct scanner *s, const char *at)
{
	const char *to = at;

	while (to < s->end && byte_is(*to, BYTE_IDENT) && *to != '[' && *to != ':')
		to++;
	if (to == at)
		return false;

	const char *name_end = to;
	const char *pid = NULL;
	const char *pid_end = NULL;

	if (byte_at(s, to) == '[') {
		pid = to + 1;
		for (to = pid; to < s->end && *to != ']' && !byte_is(*to, BYTE_BLANK);)
			to++;
		if (byte_at(s, to) != ']')
			return false;
		pid_end = to++;
		/* launchd: tag[pid] (label): */
		if (byte_at(s, to) == ' ' && byte_at(s, to + 1) == '(') {
			const char *close = memchr(to, ')', (size_t)(s->end - to));

			if (close != NULL && byte_at(s, close + 1) == ':')
				to = close + 1;
		}
	}
	if (byte_at(s, to) != ':' || !blank_or_end(s, to + 1))
		return false;
	s->out->service = span_of(s, at, name_end);
	if (pid != NULL)
		s->out->pid = span_of(s, pid, pid_end);
	s->component = true;
	s->at = to + 1;
	return true;
}

/* "syslogd 1.4.1:", "Google Chrome[12]:" */
static bool take_two_word_tag(struct scanner *s, const char *at)
{
	const char *to = field_end(at, s->end);
	const char *second = skip_blanks(to, s->end);
	const char *second_end = field_end(second, s->end);

	if (second == second_end || second_end[-1] != ':' || second - to != 1)
		return false;
	for (const char *c = at; c < to; c++) {
		if (!byte_is(*c, BYTE_IDENT) || *c == ':')
			return false;
	}

	bool version = byte_is(*second, BYTE_DIGIT);

	if (!version && memchr(second, '[', (size_t)(second_end - second)) == NULL)
		return false;
	if (version)
		s->at = second_end;
	else if (!take_tag(s, second))
		return false;
	s->out->service = span_of(
		s, at,
		version ? to : s->text + s->out->service.at + s->out->service.len);
	s->component = true;
	return true;
}

static bool is_host(const char *at, const char *to)
{
	if (at == to || to[-1] == ':' || !byte_is(*at, BYTE_ALNUM))
		return false;
	for (; at < to; at++) {
		if (!byte_is(*at, BYTE_IDENT))
			return false;
	}
	return true;
}

/* a file written by a syslog daemon: host and tag behind the stamp */
static bool take_syslog(struct scanner *s)
{
	const char *at = skip_blanks(s->at, s->end);
	const char *to = field_end(at, s->end);
	struct level level;

	if (read_level(at, to, &level) && level.letter_case == LEVEL_UPPER)
		return false;
	if (s->shape == TIMESTAMP_SYSLOG && at < to && to[-1] == ':') {
		s->out->format = FORMAT_SYSLOG3164;
		return take_tag(s, at);
	}
	if (!is_host(at, to))
		return false;

	const char *tag = skip_blanks(to, s->end);

	if (s->shape != TIMESTAMP_SYSLOG) {
		/* only what a daemon surely wrote: tag[pid]: or a name like a host's */
		bool plain = !take_tag(s, tag);

		if (plain || (s->out->pid.len == 0 && is_lower_word(at, to) &&
			      s->out->service.len != 6)) {
			s->component = false;
			s->out->service.len = 0;
			return false;
		}
	} else if (!take_tag(s, tag) && !take_two_word_tag(s, tag)) {
		s->at = to;
	}
	s->out->host = span_of(s, at, to);
	s->out->format = FORMAT_SYSLOG3164;
	return true;
}

/* I0102 15:04:05.678901   12345 file.go:123] */
static bool take_klog(struct scanner *s)
{
	const char *at = s->text;

	if (s->end - at < 22 || !byte_is(at[0], BYTE_UPPER) || at[5] != ' ' ||
	    at[8] != ':' || at[11] != ':')
		return false;

	enum severity severity = severity_of_word(slice_of(at, 1));
	char stamp[40] = { at[1], at[2], '-', at[3], at[4] };
	size_t len = (size_t)(s->end - at) < 32 ? (size_t)(s->end - at) : 32;
	struct timestamp_match match;

	/* "I0102 15:..." read as "01-02 15:..." */
	memcpy(stamp + 5, at + 5, len - 5);
	len = timestamp_scan(slice_of(stamp, len), s->context, &match);
	if (severity == SEVERITY_NONE || len == 0)
		return false;

	const char *pid = skip_blanks(at + len, s->end);
	const char *pid_end = field_end(pid, s->end);
	const char *place = skip_blanks(pid_end, s->end);
	const char *close = field_end(place, s->end);

	if (close == place || close[-1] != ']')
		return false;
	s->out->timestamp_us = match.us;
	s->out->severity = severity;
	s->out->severity_text = span_of(s, at, at + 1);
	s->out->pid = span_of(s, pid, pid_end);
	s->stamped = true;
	s->leveled = true;
	s->at = close;
	return true;
}

static bool is_exception_name(const char *at, const char *to)
{
	struct slice name = slice_of(at, (size_t)(to - at));

	return (name.len >= 9 &&
		slice_equal(slice_from(name, name.len - 9), SLICE("Exception"))) ||
	       (name.len > 5 &&
		slice_equal(slice_from(name, name.len - 5), SLICE("Error")));
}

/* a blank-free run of name bytes with a letter at its start; NULL when it is none */
static const char *component_end(const struct scanner *s, const char *at)
{
	const char *to = at;

	if (!byte_is(byte_at(s, at), BYTE_ALPHA) && byte_at(s, at) != '_' &&
	    byte_at(s, at) != '<' && byte_at(s, at) != '/')
		return NULL;
	while (to < s->end && byte_is(*to, BYTE_IDENT) && *to != s->closer)
		to++;
	return to;
}

/* "module.Class$Inner[12]" -> service and pid */
static void set_component(struct scanner *s, const char *at, const char *to)
{
	const char *bracket = memchr(at, '[', (size_t)(to - at));

	s->component = true;
	if (bracket != NULL && bracket > at && to[-1] == ']') {
		s->out->service = span_of(s, at, bracket);
		if (byte_is(bracket[1], BYTE_DIGIT))
			s->out->pid = span_of(s, bracket + 1, to - 1);
		return;
	}
	s->out->service = span_of(s, at, to);
}

/* "name: ": ends the header */
static bool take_named(struct scanner *s, const char *at)
{
	const char *to = component_end(s, at);

	if (to == NULL || to - at < 2 || to[-1] != ':' || !blank_or_end(s, to))
		return false;
	if (!s->leveled &&
	    (!s->stamped || s->shape == TIMESTAMP_EPOCH || is_lower_word(at, to - 1)))
		return false;
	if (is_exception_name(at, to - 1))
		return false;
	set_component(s, at, to - 1);
	s->at = to;
	return true;
}

static bool has_dot(const char *at, const char *to)
{
	for (; at + 1 < to; at++) {
		if ((*at == '.' || *at == ':') &&
		    byte_is(at[1], BYTE_ALPHA | BYTE_DIGIT))
			return true;
	}
	return false;
}

/* behind a level: "a.b.C - ", "a.b.c [", "a.b.C  : ", a padded column "CBS    " */
static bool take_column(struct scanner *s, const char *at)
{
	const char *to = component_end(s, at);

	if (!s->leveled || s->component || to == NULL || to - at < 2 ||
	    !blank_or_end(s, to) || to[-1] == ':')
		return false;

	const char *next = skip_blanks(to, s->end);
	char c = byte_at(s, next);
	bool colon = c == ':' && blank_or_end(s, next + 1);
	bool dash = c == '-' && blank_or_end(s, next + 1);
	bool padded = next - to >= 2 && next < s->end && !is_exception_name(at, to);

	if (!colon && !padded && !(has_dot(at, to) && (dash || c == '[')))
		return false;
	set_component(s, at, to);
	s->at = colon ? next + 1 : to;
	return true;
}

/* "chrome.exe - ", "chrome.exe *64 - ", "mod:func:12 - " */
static bool take_name_dash(struct scanner *s, const char *at)
{
	const char *to = component_end(s, at);

	if (!s->stamped || s->component || to == NULL || !blank_or_end(s, to))
		return false;

	const char *next = to;

	for (unsigned fields = 0; fields < 3; fields++) {
		next = skip_blanks(next, s->end);
		if (byte_at(s, next) == '-' && blank_or_end(s, next + 1)) {
			set_component(s, at, to);
			s->at = next;
			return true;
		}
		if (byte_is(byte_at(s, next), BYTE_ALPHA))
			return false;
		next = field_end(next, s->end);
	}
	return false;
}

/* one of - | : , or a run of dashes or stars standing alone. A single one behind a
 * level ends the header; runs (Spring's ---, Ruby's --) never do. */
static bool take_separator(struct scanner *s, const char *at, bool *ends)
{
	char c = byte_at(s, at);
	const char *to = at;

	while (to < s->end && *to == c)
		to++;
	switch (c) {
	case '-':
		if (!blank_or_end(s, to) || to - at > 3)
			return false;
		break;
	case '|':
	case ',':
	case ':':
		if (to - at > 1)
			return false;
		break;
	default:
		return false;
	}
	*ends = s->leveled && to - at == 1;
	s->at = to;
	return true;
}

static bool take_level(struct scanner *s, const char *at)
{
	struct level level;
	const char *word = NULL;
	size_t len = 0;

	if (s->leveled)
		return false;
	if (closer_of(byte_at(s, at)) != '\0') {
		len = read_bracketed_level(s, at, &level, &word);
		if (len == 0)
			return false;
		set_level(s, word, &level);
		s->at = at + len;
		if (byte_at(s, s->at) == ':')
			s->at++;
		return true;
	}
	if (!read_level(at, s->end, &level))
		return false;

	char behind = byte_at(s, at + level.len);

	if (behind == '/' && level.letter_case == LEVEL_UPPER) {
		/* celery: INFO/MainProcess */
		const char *name = at + level.len + 1;
		const char *to = component_end(s, name);

		if (to == NULL)
			return false;
		set_level(s, at, &level);
		set_component(s, name, to);
		s->at = to;
		return true;
	}
	if (!is_level_end(behind))
		return false;
	/* "error opening the file" is prose: its level counts, but stays in the body */
	if (level.letter_case != LEVEL_UPPER && !s->stamped && behind != ':')
		return false;
	if (level.letter_case == LEVEL_CAPITALIZED && !s->stamped)
		return false;
	set_level(s, at, &level);
	if (level.letter_case == LEVEL_LOWER && behind == ' ' &&
	    level.severity != SEVERITY_INFO && level.severity != SEVERITY_DEBUG &&
	    level.severity != SEVERITY_TRACE && byte_at(s, at + level.len + 1) != ' ')
		return false;
	s->at = at + level.len;
	if (behind == ':')
		s->at++;
	return true;
}

/* logcat: "D Tag: " behind pid and tid, "D/Tag( 123): " */
static bool take_letter_level(struct scanner *s, const char *at)
{
	char behind = byte_at(s, at + 1);

	if (s->leveled || !byte_is(byte_at(s, at), BYTE_UPPER))
		return false;
	if (behind == '/') {
		const char *colon = memchr(at, ':', (size_t)(s->end - at));
		const char *open = memchr(at, '(', (size_t)(s->end - at));

		if (open == NULL || colon == NULL || colon < open || colon[-1] != ')')
			return false;
		s->out->service = span_of(s, at + 2, open);
		s->component = true;
		s->at = colon + 1;
	} else if (s->numbers > 0 && behind == ' ') {
		s->at = at + 1;
	} else {
		return false;
	}

	struct level level = { .len = 1,
			       .severity = severity_of_word(slice_of(at, 1)) };

	if (level.severity == SEVERITY_NONE)
		return false;
	set_level(s, at, &level);
	return true;
}

/* "Monolog.ERROR: " */
static bool take_channel_level(struct scanner *s, const char *at)
{
	const char *to = field_end(at, s->end);
	const char *dot = to;
	struct level level;

	if (s->leveled || to == at || to[-1] != ':')
		return false;
	while (dot > at && dot[-1] != '.')
		dot--;
	if (dot == at || !read_level(dot, to, &level) || dot + level.len + 1 != to ||
	    level.letter_case != LEVEL_UPPER)
		return false;
	set_level(s, dot, &level);
	set_component(s, at, dot - 1);
	s->at = to;
	return true;
}

/* "RAS KERNEL INFO": a level a few names ahead, no lower-case word between */
static bool take_level_ahead(struct scanner *s, const char *at)
{
	const char *previous = NULL;
	const char *previous_end = NULL;

	if (s->leveled || !s->stamped)
		return false;
	for (unsigned i = 0; i <= LEVEL_AHEAD_MAX && at < s->end; i++) {
		const char *to = field_end(at, s->end);
		struct level level;

		if (i > 0 && read_level(at, to, &level) &&
		    level.letter_case == LEVEL_UPPER &&
		    is_level_end(byte_at(s, at + level.len))) {
			set_level(s, at, &level);
			if (component_end(s, previous) == previous_end)
				s->out->service = span_of(s, previous, previous_end);
			s->at = at + level.len;
			return true;
		}
		if (is_lower_word(at, to) || closer_of(*at) != '\0')
			return false;
		previous = at;
		previous_end = to;
		at = skip_blanks(to, s->end);
	}
	return false;
}

/* pid, thread or line: 123, #123, 123#0:, (123) is a group */
static bool take_number(struct scanner *s, const char *at)
{
	const char *digits = byte_at(s, at) == '#' ? at + 1 : at;
	const char *to = digits;

	while (to < s->end && byte_is(*to, BYTE_DIGIT))
		to++;
	if (to == digits || s->numbers >= NUMBERS_MAX)
		return false;

	const char *number_end = to;

	if (byte_at(s, to) == '#') {
		for (to++; to < s->end && byte_is(*to, BYTE_DIGIT);)
			to++;
	}

	bool colon = byte_at(s, to) == ':' && blank_or_end(s, to + 1);

	if (colon)
		to++;
	if (!blank_or_end(s, to) && *to != s->closer)
		return false;
	if (s->leveled && !colon) {
		char next = byte_at(s, skip_blanks(to, s->end));

		/* "ERROR 404 not found" keeps its number */
		if (next != '-' && next != '[' && next != '|')
			return false;
	}
	if (!s->stamped && !s->leveled)
		return false;
	if (s->numbers++ == 0)
		s->out->pid = span_of(s, digits, number_end);
	s->at = to;
	return true;
}

static bool take_group(struct scanner *s, const char *at)
{
	char opener = byte_at(s, at);
	char closer = closer_of(opener);
	unsigned depth = 0;

	if (closer == '\0' || opener == '<' || opener == '{' || s->groups >= GROUPS_MAX)
		return false;

	const char *limit =
		s->end - at > GROUP_BYTES_MAX ? at + GROUP_BYTES_MAX : s->end;
	const char *to = at;

	for (; to < limit; to++) {
		if (*to == opener)
			depth++;
		else if (*to == closer && --depth == 0)
			break;
	}
	if (to == limit)
		return false;

	const char *digits = at + 1;

	while (byte_is(*digits, BYTE_DIGIT))
		digits++;
	if (digits == to && to > at + 1 && s->out->pid.len == 0)
		s->out->pid = span_of(s, at + 1, to);
	s->groups++;
	s->at = to + 1;
	if (byte_at(s, s->at) == ':' && blank_or_end(s, s->at + 1))
		s->at++;
	return true;
}

static void set_pipe_field(struct scanner *s, const char *at, const char *to)
{
	struct level level;

	if (!s->leveled && read_level(at, to, &level) && at + level.len == to) {
		set_level(s, at, &level);
	} else if (byte_is(*at, BYTE_DIGIT)) {
		if (s->out->pid.len == 0)
			s->out->pid = span_of(s, at, to);
	} else if (!s->component) {
		set_component(s, at, to);
	}
}

/* "| INFO | main | message": blank-free fields, each ended by a pipe */
static bool take_pipes(struct scanner *s)
{
	const char *at = skip_blanks(s->at, s->end);

	if (byte_at(s, at) != '|')
		return false;
	at++;
	for (unsigned fields = 0; fields < PIPES_MAX; fields++) {
		const char *from = skip_blanks(at, s->end);
		const char *to = from;

		while (to < s->end && *to != '|' && !byte_is(*to, BYTE_BLANK))
			to++;

		const char *pipe = skip_blanks(to, s->end);

		if (byte_at(s, pipe) != '|')
			break;
		if (to > from)
			set_pipe_field(s, from, to);
		at = pipe + 1;
	}
	s->at = at;
	at = skip_blanks(at, s->end);
	if (take_name_dash(s, at) && byte_at(s, s->at) == '-')
		s->at++;
	return true;
}

/* one item of the header; false: none is here. *ends: the body follows it. */
static bool take_item(struct scanner *s, const char *at, bool *ends)
{
	struct timestamp_match match;
	size_t len = 0;

	if (s->closer != '\0' && *at == s->closer) {
		s->closer = '\0';
		s->at = at + 1;
		*ends = s->leveled && s->component;
		return true;
	}
	if (!s->stamped && (len = read_stamp(s, at, &match)) > 0) {
		take_stamp(s, at, len, &match);
		return true;
	}
	if (take_separator(s, at, ends) || take_level(s, at) ||
	    take_letter_level(s, at))
		return true;
	if (take_channel_level(s, at) || take_named(s, at)) {
		*ends = true;
		return true;
	}
	if (take_number(s, at) || take_group(s, at))
		return true;
	return take_column(s, at) || take_level_ahead(s, at) || take_name_dash(s, at);
}

static void take_items(struct scanner *s)
{
	bool ends = false;

	for (unsigned items = 0; items < HEADER_ITEMS_MAX && !ends; items++) {
		const char *at = skip_blanks(s->at, s->end);

		if (at >= s->end)
			return;
		if (!take_item(s, at, &ends))
			return;
	}
}

static uint8_t judge_confidence(const struct scanner *s)
{
	unsigned percent = 30;

	if (s->out->timestamp_us != TIMESTAMP_NONE)
		percent += s->shape >= TIMESTAMP_EPOCH ? 35 : 20;
	if (s->leveled)
		percent += 20;
	if (s->component)
		percent += 10;
	return (uint8_t)percent;
}

void header_scan(struct slice line, const struct timestamp_context *context,
		 struct header *header)
{
	struct scanner s = {
		.text = line.ptr,
		.at = line.ptr,
		.end = line.ptr + line.len,
		.context = context,
		.out = header,
	};

	*header = (struct header){ .timestamp_us = TIMESTAMP_NONE };
	if (line.len == 0)
		return;
	if (!take_klog(&s)) {
		find_stamps(&s);

		bool syslog = s.stamped &&
			      (s.shape == TIMESTAMP_SYSLOG || s.stamp_is_zoned_iso) &&
			      take_syslog(&s);

		if (!syslog && !(s.stamped && take_pipes(&s)))
			take_items(&s);
	}
	header->found = s.stamped || (s.leveled && s.at > s.text);
	header->confidence = judge_confidence(&s);
	if (header->found)
		header->body = (uint32_t)(skip_blanks(s.at, s.end) - s.text);
}
