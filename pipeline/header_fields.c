/* header_fields.c - what stands between stamp, level and message: separators, numbers,
 * bracket groups, components */
#include "pipeline/header_scanner.h"

#define NUMBERS_MAX 2
#define GROUPS_MAX 2
#define GROUP_BYTES_MAX 320

static bool ends_with(const char *at, const char *to, struct slice tail)
{
	return (size_t)(to - at) >= tail.len &&
	       memcmp(to - tail.len, tail.ptr, tail.len) == 0;
}

static bool is_exception_name(const char *at, const char *to)
{
	return ends_with(at, to, SLICE("Exception")) ||
	       ends_with(at, to, SLICE("Error"));
}

/* a blank-free run of name bytes with a letter at its start; NULL when it is none */
const char *header_component_end(const struct header_scanner *s, const char *at)
{
	char c = byte_at(s, at);
	const char *to = at;

	if (!byte_is(c, BYTE_ALPHA) && c != '_' && c != '<' && c != '/')
		return NULL;
	while (to < s->end && byte_is(*to, BYTE_IDENT) && *to != s->closer)
		to++;
	return to;
}

/* "main.go:12", "file.py": a place in the source, which is no service */
static bool is_source_file(const char *at, const char *to)
{
	static const struct {
		char text[6];
	} endings[] = { { ".go" },  { ".py" },  { ".c" },    { ".cc" },
			{ ".cpp" }, { ".rs" },  { ".js" },   { ".ts" },
			{ ".rb" },  { ".php" }, { ".java" }, { ".cs" } };

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (ends_with(at, to, slice_str(endings[i].text)))
			return true;
	}
	return false;
}

/* "name[12]" is name and pid, "module:function:12" is module, "main.go:12" is nothing
 */
void header_set_component(struct header_scanner *s, const char *at, const char *to)
{
	const char *bracket = memchr(at, '[', (size_t)(to - at));
	const char *line = to;

	s->component = true;
	if (bracket != NULL && bracket > at && to[-1] == ']') {
		if (byte_is(bracket[1], BYTE_DIGIT))
			s->out->pid = span_of(s, bracket + 1, to - 1);
		s->out->service = span_of(s, at, bracket);
		return;
	}
	while (line > at && byte_is(line[-1], BYTE_DIGIT))
		line--;
	if (line < to && line > at + 1 && line[-1] == ':') {
		const char *colon = memchr(at, ':', (size_t)(to - at));

		to = line - 1;
		if (is_source_file(at, to))
			return;
		if (colon < to && colon > at && colon[1] != ':')
			to = colon;
	}
	s->out->service = span_of(s, at, to);
}

/* "error: " */
static bool has_level_behind(const struct header_scanner *s, const char *at)
{
	struct level level;

	at = skip_blanks(at, s->end);
	return at < s->end && header_read_level(at, s->end, &level) &&
	       byte_at(s, at + level.len) == ':' && blank_or_end(s, at + level.len + 1);
}

/* what PostgreSQL says further of the record before */
bool header_begins_annex(const char *at, const char *end)
{
	static const struct {
		char text[16];
	} words[] = { { "DETAIL:  " },  { "HINT:  " },  { "STATEMENT:  " },
		      { "CONTEXT:  " }, { "QUERY:  " }, { "LOCATION:  " } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (slice_starts_with(slice_of(at, (size_t)(end - at)),
				      slice_str(words[i].text)))
			return true;
	}
	return false;
}

/* "name: ": ends the header, but for a level */
bool header_take_named(struct header_scanner *s, const char *at, bool *ends)
{
	const char *to = s->component ? NULL : header_component_end(s, at);

	if (to == NULL || to - at < 2 || to[-1] != ':' || !blank_or_end(s, to))
		return false;

	bool plain = all_are(at, to - 1, BYTE_LOWER);

	if (header_begins_annex(at, s->end))
		return false;
	/* BIND: "queries: info: " */
	if (!s->leveled && s->stamped && has_level_behind(s, to)) {
		header_set_component(s, at, to - 1);
		s->at = to;
		return true;
	}
	if (!s->leveled && (!s->stamped || s->shape == TIMESTAMP_EPOCH || plain))
		return false;
	/* "ERROR: relation: x" is PostgreSQL's or a compiler's, whose names are words
	 */
	if ((s->level_colon && plain) || is_exception_name(at, to - 1))
		return false;
	header_set_component(s, at, to - 1);
	s->at = to;
	*ends = true;
	return true;
}

static bool has_dot(const char *at, const char *to)
{
	for (; at + 1 < to; at++) {
		if ((*at == '.' || *at == ':') && byte_is(at[1], BYTE_ALNUM))
			return true;
	}
	return false;
}

/* behind a level: "a.b.C - ", "a.b.c [", "a.b.C  : ", a padded column "CBS    ", the
 * closer of env_logger's bracket, and .NET's line that is nothing but "a.b.C[12]" */
bool header_take_column(struct header_scanner *s, const char *at)
{
	if (!s->leveled || s->component)
		return false;

	const char *to = header_component_end(s, at);

	if (to == NULL || to - at < 2 || to[-1] == ':')
		return false;
	if (s->closer != '\0' && byte_at(s, to) == s->closer) {
		header_set_component(s, at, to);
		s->at = to;
		return true;
	}
	if (!blank_or_end(s, to))
		return false;

	const char *next = skip_blanks(to, s->end);
	char c = byte_at(s, next);
	bool colon = c == ':' && blank_or_end(s, next + 1);
	bool dash = c == '-' && blank_or_end(s, next + 1);
	bool padded = next - to >= 2 && next < s->end && !is_exception_name(at, to);
	bool alone = next == s->end && to[-1] == ']' && s->level_colon;

	if (!colon && !padded && !alone && !(has_dot(at, to) && (dash || c == '[')))
		return false;
	header_set_component(s, at, to);
	s->at = colon ? next + 1 : to;
	return true;
}

/* "chrome.exe - ", "chrome.exe *64 - ", "mod:func:12 - " */
bool header_take_name_dash(struct header_scanner *s, const char *at)
{
	if (!s->stamped || s->component)
		return false;

	const char *to = header_component_end(s, at);
	const char *next = to;

	if (to == NULL || !blank_or_end(s, to))
		return false;
	for (unsigned fields = 0; fields < 3; fields++) {
		next = skip_blanks(next, s->end);
		if (byte_at(s, next) == '-' && blank_or_end(s, next + 1)) {
			header_set_component(s, at, to);
			s->at = next;
			return true;
		}
		if (byte_is(byte_at(s, next), BYTE_ALPHA))
			return false;
		next = field_end(next, s->end);
	}
	return false;
}

/* one of - | : , or a run of dashes standing alone. A single one behind a level ends
 * the header; runs (Spring's ---, Ruby's --) never do. */
bool header_take_separator(struct header_scanner *s, const char *at, bool *ends)
{
	char c = *at;
	const char *to = at;

	if (c != '-' && c != '|' && c != ':' && c != ',')
		return false;
	while (to < s->end && *to == c)
		to++;
	if (to - at > (c == '-' ? 3 : 1) || (c == '-' && !blank_or_end(s, to)))
		return false;
	*ends = s->leveled && to - at == 1;
	s->at = to;
	return true;
}

/* nginx: the connection behind the process, "*5 " */
static void take_connection(struct header_scanner *s)
{
	const char *at = skip_blanks(s->at, s->end);
	const char *to = at + 1;

	if (byte_at(s, at) != '*')
		return;
	while (to < s->end && byte_is(*to, BYTE_DIGIT))
		to++;
	if (to > at + 1 && blank_or_end(s, to))
		s->at = to;
}

/* pid, thread, line or flag: 123, #123, 123#0:, -1 */
bool header_take_number(struct header_scanner *s, const char *at)
{
	const char *digits = *at == '#' || *at == '-' ? at + 1 : at;
	const char *to = digits;
	bool thread = false;

	if ((!s->stamped && !s->leveled) || s->numbers >= NUMBERS_MAX)
		return false;
	while (to < s->end && byte_is(*to, BYTE_DIGIT))
		to++;
	if (to == digits)
		return false;

	const char *number_end = to;

	if (byte_at(s, to) == '#') {
		thread = true;
		for (to++; to < s->end && byte_is(*to, BYTE_DIGIT);)
			to++;
	}

	bool colon = byte_at(s, to) == ':' && blank_or_end(s, to + 1);

	to += colon ? 1 : 0;
	if (!blank_or_end(s, to) && *to != s->closer)
		return false;
	if (s->leveled && !colon) {
		char next = byte_at(s, skip_blanks(to, s->end));

		/* "ERROR 404 not found" keeps its number */
		if (next != '-' && next != '[' && next != '|')
			return false;
	}
	if (s->numbers++ == 0 && *at != '-')
		s->out->pid = span_of(s, digits, number_end);
	s->at = to;
	if (thread && colon)
		take_connection(s);
	return true;
}

/* Elasticsearch: "[o.e.n.Node               ]" behind the level */
static void read_class(struct header_scanner *s, const char *at, const char *to)
{
	const char *name_end = at;

	while (name_end < to && byte_is(*name_end, BYTE_IDENT))
		name_end++;
	if (!s->leveled || s->component || !byte_is(byte_at(s, at), BYTE_ALPHA) ||
	    skip_blanks(name_end, to) != to)
		return;
	for (const char *c = at; c + 1 < name_end; c++) {
		if (*c == '.' && byte_is(c[1], BYTE_ALNUM)) {
			header_set_component(s, at, name_end);
			return;
		}
	}
}

/* "1234" and "pid 1234:tid 5" hold a pid, "... :QuorumCnxManager@774" a class and line
 */
static void read_group(struct header_scanner *s, const char *at, const char *to)
{
	const char *digits = to;

	if (to - at > 4 && memcmp(at, "pid ", 4) == 0) {
		for (digits = at + 4; digits < to && byte_is(*digits, BYTE_DIGIT);)
			digits++;
		s->out->pid = span_of(s, at + 4, digits);
		return;
	}
	while (digits > at && byte_is(digits[-1], BYTE_DIGIT))
		digits--;
	if (digits == to || to[-1] == ' ') {
		read_class(s, at, to);
		return;
	}
	if (digits == at) {
		if (s->out->pid.len == 0)
			s->out->pid = span_of(s, at, to);
		return;
	}
	if (digits[-1] != '@' || s->component)
		return;

	const char *name_end = digits - 1;
	const char *name = name_end;

	while (name > at && byte_is(name[-1], BYTE_IDENT) && name[-1] != ':')
		name--;
	if (name < name_end)
		s->out->service = span_of(s, name, name_end);
}

/* ClickHouse: "{}" or "{UUID}" in front of the level */
static bool take_query_id(struct header_scanner *s, const char *at)
{
	const char *to = at + 1;

	while (to < s->end && (byte_is(*to, BYTE_ALNUM) || *to == '-'))
		to++;
	if (!s->stamped || s->leveled || byte_at(s, to) != '}' ||
	    !blank_or_end(s, to + 1))
		return false;
	s->at = to + 1;
	return true;
}

bool header_take_group(struct header_scanner *s, const char *at)
{
	char opener = *at;
	char closer = opener == '[' ? ']' : ')';
	unsigned depth = 0;

	if (opener == '{')
		return take_query_id(s, at);
	if ((opener != '[' && opener != '(') || s->groups >= GROUPS_MAX)
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
	read_group(s, at + 1, to);
	s->groups++;
	s->at = to + 1;
	if (byte_at(s, s->at) == ':' && blank_or_end(s, s->at + 1))
		s->at++;
	return true;
}

/* Rust's tracing: ThreadId(01) behind the level */
bool header_take_thread(struct header_scanner *s, const char *at)
{
	static const char name[] = "ThreadId(";
	const char *to = at + sizeof(name) - 1;

	if (!s->leveled || s->end - at < (ptrdiff_t)sizeof(name) ||
	    memcmp(at, name, sizeof(name) - 1) != 0)
		return false;
	while (to < s->end && byte_is(*to, BYTE_DIGIT))
		to++;
	if (byte_at(s, to) != ')')
		return false;
	s->at = to + 1;
	return true;
}
