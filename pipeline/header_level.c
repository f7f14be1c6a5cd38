/* header_level.c - levels in the places where loggers put them */
#include "pipeline/header_scanner.h"

#define LEVEL_AHEAD_MAX 5
#define MODULE_LEN_MAX 32

/* a word, or one letter */
static bool read_inner_level(const struct header_scanner *s, const char *at,
			     struct level *level)
{
	if (header_read_level(at, s->end, level))
		return true;
	if (!byte_is(byte_at(s, at), BYTE_UPPER))
		return false;
	level->letter_case = LEVEL_UPPER;
	level->word = at;
	level->len = 1;
	level->severity = severity_of_word(slice_of(at, 1));
	return level->severity != SEVERITY_NONE;
}

/* Apache's "[module:level]": the module's colon, or NULL */
static const char *module_colon(const struct header_scanner *s, const char *at)
{
	size_t room = (size_t)(s->end - at);

	return memchr(at, ':', room < MODULE_LEN_MAX ? room : MODULE_LEN_MAX);
}

size_t header_read_bracketed_level(const struct header_scanner *s, const char *at,
				   struct level *level)
{
	char closer = closer_of(byte_at(s, at));

	if (closer == '\0')
		return 0;

	const char *word = skip_blanks(at + 1, s->end);

	if (!read_inner_level(s, word, level)) {
		const char *colon = closer == ']' ? module_colon(s, word) : NULL;

		if (colon == NULL || !all_are(word, colon, BYTE_LOWER | BYTE_IDENT) ||
		    !header_read_level(colon + 1, s->end, level))
			return 0;
	}

	const char *behind = skip_blanks(level->word + level->len, s->end);

	return byte_at(s, behind) == closer ? (size_t)(behind + 1 - at) : 0;
}

void header_set_level(struct header_scanner *s, const struct level *level)
{
	s->leveled = true;
	s->out->severity = level->severity;
	s->out->severity_text = span_of(s, level->word, level->word + level->len);
}

static bool take_bracketed_level(struct header_scanner *s, const char *at)
{
	struct level level;
	size_t len = header_read_bracketed_level(s, at, &level);
	const char *inner = skip_blanks(at + 1, s->end);

	if (len == 0)
		return false;
	header_set_level(s, &level);
	if (level.word - inner > 1)
		header_set_component(s, inner, level.word - 1);
	s->at = at + len;
	if (byte_at(s, s->at) == ':')
		s->at++;
	return true;
}

/* "error opening the file" is prose: its level counts, but stays in the body */
static bool is_prose(const struct header_scanner *s, const struct level *level)
{
	const char *behind = level->word + level->len;

	return level->letter_case == LEVEL_LOWER && byte_at(s, behind) == ' ' &&
	       byte_at(s, behind + 1) != ' ' && level->severity >= SEVERITY_NOTICE;
}

/* what stands behind a level's colon without a blank, as in Python's ERROR:name:text */
static void take_level_colon(struct header_scanner *s)
{
	if (byte_at(s, s->at) != ':')
		return;
	s->at++;
	s->level_colon = true;
	if (s->component || blank_or_end(s, s->at))
		return;

	const char *to = s->at;

	while (to < s->end && byte_is(*to, BYTE_IDENT) && *to != ':')
		to++;
	if (to > s->at && byte_at(s, to) == ':') {
		header_set_component(s, s->at, to);
		s->at = to + 1;
	}
}

bool header_take_level(struct header_scanner *s, const char *at)
{
	struct level level;

	if (s->leveled)
		return false;
	if (!byte_is(*at, BYTE_ALPHA))
		return take_bracketed_level(s, at);
	if (!header_read_level(at, s->end, &level))
		return false;

	char behind = byte_at(s, at + level.len);

	if (behind == '/' && level.letter_case == LEVEL_UPPER) {
		/* Celery: INFO/MainProcess */
		const char *name = at + level.len + 1;
		const char *to = header_component_end(s, name);

		if (to == NULL)
			return false;
		header_set_level(s, &level);
		header_set_component(s, name, to);
		s->at = to;
		return true;
	}
	if (!header_is_level_end(behind))
		return false;
	/* at a line's very start only a word in upper case, or a lower one with a colon
	 */
	if (!s->stamped && (level.letter_case == LEVEL_CAPITALIZED ||
			    (level.letter_case == LEVEL_LOWER && behind != ':')))
		return false;
	header_set_level(s, &level);
	if (is_prose(s, &level))
		return false;
	s->at = at + level.len;
	take_level_colon(s);
	return true;
}

/* logcat: "D Tag: " behind pid and tid, "D/Tag( 123): " */
bool header_take_letter_level(struct header_scanner *s, const char *at)
{
	char behind = byte_at(s, at + 1);
	struct level level = { .word = at, .len = 1 };

	if (s->leveled || (behind != '/' && behind != ' '))
		return false;
	/* etcd: "I | etcdserver: " */
	if (behind == ' ' && s->numbers == 0 &&
	    (!s->stamped || byte_at(s, at + 2) != '|' || !blank_or_end(s, at + 3)))
		return false;
	level.severity = severity_of_word(slice_of(at, 1));
	if (level.severity == SEVERITY_NONE || !byte_is(*at, BYTE_UPPER))
		return false;
	if (behind == ' ') {
		s->at = at + (byte_at(s, at + 2) == '|' ? 3 : 1);
		header_set_level(s, &level);
		return true;
	}

	const char *colon = memchr(at, ':', (size_t)(s->end - at));
	const char *open = memchr(at, '(', (size_t)(s->end - at));

	if (open == NULL || colon == NULL || colon < open || colon[-1] != ')')
		return false;
	header_set_component(s, at + 2, open);
	header_set_level(s, &level);
	s->at = colon + 1;
	return true;
}

/* Monolog: "channel.ERROR: " */
bool header_take_channel_level(struct header_scanner *s, const char *at, bool *ends)
{
	const char *to = at;
	const char *dot = NULL;
	struct level level;

	if (s->leveled)
		return false;
	for (; to < s->end && byte_is(*to, BYTE_IDENT) && *to != ':'; to++) {
		if (*to == '.')
			dot = to;
	}
	if (dot == NULL || byte_at(s, to) != ':' ||
	    !header_read_level(dot + 1, to, &level) || dot + 1 + level.len != to ||
	    level.letter_case != LEVEL_UPPER)
		return false;
	header_set_level(s, &level);
	header_set_component(s, at, dot);
	s->at = to + 1;
	*ends = true;
	return true;
}

bool header_take_mark(struct header_scanner *s, const char *at)
{
	struct level level;

	if (s->leveled || s->end - at < 6 || memcmp(at, "##[", 3) != 0 ||
	    !header_read_level(at + 3, s->end, &level) ||
	    byte_at(s, at + 3 + level.len) != ']')
		return false;
	header_set_level(s, &level);
	s->at = at + level.len + 4;
	return true;
}

/* "RAS KERNEL INFO": a level a few names ahead, no lower-case word between */
bool header_take_level_ahead(struct header_scanner *s, const char *at)
{
	const char *previous = NULL;
	const char *previous_end = NULL;

	if (s->leveled || !s->stamped)
		return false;
	for (unsigned i = 0; i <= LEVEL_AHEAD_MAX && at < s->end; i++) {
		const char *to = field_end(at, s->end);
		struct level level;

		if (i > 0 && byte_is(*at, BYTE_UPPER) &&
		    header_read_level(at, to, &level) &&
		    level.letter_case == LEVEL_UPPER &&
		    header_is_level_end(byte_at(s, at + level.len))) {
			header_set_level(s, &level);
			if (header_component_end(s, previous) == previous_end)
				header_set_component(s, previous, previous_end);
			s->at = at + level.len;
			take_level_colon(s);
			return true;
		}
		if (all_are(at, to, BYTE_LOWER) || closer_of(*at) != '\0')
			return false;
		previous = at;
		previous_end = to;
		at = skip_blanks(to, s->end);
	}
	return false;
}
