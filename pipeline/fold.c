/* fold.c - folding while appending: lists, units, ports, dates, repeated blocks */
#include "pipeline/fold.h"

#include "base/compiler.h"
#include "pipeline/lex_bytes.h"

#define BLOCK_MAX TOKENS_BEHIND
#define UNIT_LEN_MAX 7
#define COPY_BYTES 16

#define UNIT(word, type)                                                               \
	{                                                                              \
		SLICE_INIT(word), type                                                 \
	}
#define SLICE_INIT(word)                                                               \
	{                                                                              \
		"" word "", sizeof(word) - 1                                           \
	}

static const struct {
	struct slice word;
	enum variable_type type;
} units[] = {
	UNIT("ns", VARIABLE_DURATION),      UNIT("us", VARIABLE_DURATION),
	UNIT("ms", VARIABLE_DURATION),      UNIT("s", VARIABLE_DURATION),
	UNIT("sec", VARIABLE_DURATION),     UNIT("secs", VARIABLE_DURATION),
	UNIT("second", VARIABLE_DURATION),  UNIT("seconds", VARIABLE_DURATION),
	UNIT("m", VARIABLE_DURATION),       UNIT("min", VARIABLE_DURATION),
	UNIT("mins", VARIABLE_DURATION),    UNIT("minute", VARIABLE_DURATION),
	UNIT("minutes", VARIABLE_DURATION), UNIT("h", VARIABLE_DURATION),
	UNIT("hour", VARIABLE_DURATION),    UNIT("hours", VARIABLE_DURATION),
	UNIT("d", VARIABLE_DURATION),       UNIT("day", VARIABLE_DURATION),
	UNIT("days", VARIABLE_DURATION),    UNIT("msec", VARIABLE_DURATION),
	UNIT("usec", VARIABLE_DURATION),    UNIT("nsec", VARIABLE_DURATION),
	UNIT("b", VARIABLE_SIZE),           UNIT("k", VARIABLE_SIZE),
	UNIT("g", VARIABLE_SIZE),           UNIT("t", VARIABLE_SIZE),
	UNIT("kb", VARIABLE_SIZE),          UNIT("mb", VARIABLE_SIZE),
	UNIT("gb", VARIABLE_SIZE),          UNIT("tb", VARIABLE_SIZE),
	UNIT("kib", VARIABLE_SIZE),         UNIT("mib", VARIABLE_SIZE),
	UNIT("gib", VARIABLE_SIZE),         UNIT("tib", VARIABLE_SIZE),
	UNIT("byte", VARIABLE_SIZE),        UNIT("bytes", VARIABLE_SIZE),
	UNIT("hz", VARIABLE_NUMBER),        UNIT("khz", VARIABLE_NUMBER),
	UNIT("mhz", VARIABLE_NUMBER),       UNIT("ghz", VARIABLE_NUMBER),
	UNIT("kbps", VARIABLE_SIZE),        UNIT("mbps", VARIABLE_SIZE),
	UNIT("gbps", VARIABLE_SIZE),
};

bool fold_unit(struct slice word, enum variable_type *type)
{
	for (size_t i = 0; i < ARRAY_LEN(units) && word.len <= UNIT_LEN_MAX; i++) {
		if (units[i].word.len == word.len &&
		    (units[i].word.ptr[0] | 32) == (word.ptr[0] | 32) &&
		    slice_equal_nocase(word, units[i].word)) {
			*type = units[i].type;
			return true;
		}
	}
	return false;
}

static uint32_t mark_of(const char *text, size_t len)
{
	uint64_t head = 0;
	uint64_t tail = 0;

	if (len >= 8) {
		memcpy(&head, text, 8);
		memcpy(&tail, text + len - 8, 8);
	} else if (len >= 4) {
		uint32_t word = 0;

		memcpy(&word, text, 4);
		head = word;
		memcpy(&word, text + len - 4, 4);
		tail = word;
	} else {
		for (size_t i = 0; i < len; i++)
			head = head << 8 | (unsigned char)text[i];
	}
	head = (head ^ tail << 29 ^ len) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(head >> 32);
}

static bool same_text(const struct tokens *tokens, size_t a, size_t b)
{
	return tokens->marks[a + TOKENS_BEHIND] == tokens->marks[b + TOKENS_BEHIND] &&
	       slice_equal(token_folded(tokens, a), token_folded(tokens, b));
}

/* drops the tokens from `count` on; the source they stood for stays behind the last */
static void drop_tail(struct tokens *tokens, size_t count, uint32_t end)
{
	struct token *last = &tokens->items[count - 1];

	tokens->count = count;
	tokens->folded_len = (size_t)last->folded + last->folded_len + 1;
	last->next = end;
}

static uint8_t joined_type(const struct token *a, const struct token *b)
{
	if (a->type == b->type)
		return a->type;
	if (a->type == VARIABLE_IP && b->type == VARIABLE_NUMBER)
		return VARIABLE_IP;
	if (a->type == VARIABLE_TIME || b->type == VARIABLE_TIME)
		return VARIABLE_TIME;
	return VARIABLE_ANY;
}

static bool is_month(struct slice word)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	if (word.len != 3)
		return false;
	for (size_t i = 0; i + 3 < sizeof(months); i += 3) {
		if (memcmp(months + i, word.ptr, 3) == 0)
			return true;
	}
	return false;
}

static bool is_weekday(struct slice word)
{
	static const char days[] = "SunMonTueWedThuFriSat";

	if (word.len != 3)
		return false;
	for (size_t i = 0; i + 3 < sizeof(days); i += 3) {
		if (memcmp(days + i, word.ptr, 3) == 0)
			return true;
	}
	return false;
}

/* the last token becomes a variable that reaches to `end` */
static void make_variable(struct tokens *tokens, uint32_t end, uint8_t type)
{
	struct token *last = &tokens->items[tokens->count - 1];

	last->class = TOKEN_VARIABLE;
	last->type = type;
	last->end = last->next = end;
	last->digits = last->run_len = 0;
	last->quoted = 0;
	tokens->folded[last->folded] = FOLDED_VARIABLE;
	tokens->folded[last->folded + 1] = '\0';
	last->folded_len = 1;
	tokens->folded_len = (size_t)last->folded + 2;
	tokens->marks[tokens->count - 1 + TOKENS_BEHIND] = mark_of("\x01", 1);
}

/* `Sun Dec 04` becomes one time when the 04 is added */
static bool fold_date(struct tokens *tokens, const struct token *token)
{
	struct token *last = &tokens->items[tokens->count - 1];

	if (last->class != TOKEN_WORD || token->begin != last->end + 1 ||
	    token->end - token->begin > 2 ||
	    !is_month(token_folded(tokens, tokens->count - 1)))
		return false;
	make_variable(tokens, token->end, VARIABLE_TIME);
	if (tokens->count >= 2 && is_weekday(token_folded(tokens, tokens->count - 2))) {
		drop_tail(tokens, tokens->count - 1, token->end);
		make_variable(tokens, token->end, VARIABLE_TIME);
	}
	return true;
}

/* web-01.dc2: with one digit run less it would be a token of its own, whatever stands
 * beside it */
static bool is_name(const struct tokens *tokens, const struct token *token)
{
	return token->type == VARIABLE_ID &&
	       lex_is(tokens->text.ptr[token->begin], LEX_LETTER);
}

/* blk_1_2 blk_3_4: the letters in front of the first digit are the same */
static bool begin_alike(const struct tokens *tokens, const struct token *a,
			const struct token *b)
{
	const char *text = tokens->text.ptr;
	uint32_t at = 0;

	while (a->begin + at < a->end && b->begin + at < b->end &&
	       text[a->begin + at] == text[b->begin + at] &&
	       !lex_is(text[a->begin + at], LEX_DIGIT))
		at++;
	return at > 0 && a->begin + at < a->end && b->begin + at < b->end &&
	       lex_is(text[a->begin + at], LEX_DIGIT) &&
	       lex_is(text[b->begin + at], LEX_DIGIT);
}

/* lists are one variable; what opens a bracket of its own is another item, but
 * "12 bytes (12 KB)" says one thing twice */
static bool joins(const struct tokens *tokens, const struct token *last,
		  const struct token *next)
{
	if (is_name(tokens, last) || is_name(tokens, next))
		return begin_alike(tokens, last, next);
	for (uint32_t i = last->end; i < next->begin; i++) {
		char c = tokens->text.ptr[i];

		if (c == '[' || c == '{' || c == '<' || c == '\n')
			return false;
		/* "from 10.0.0.1: 11: bye", "(TID 3). 12 bytes": what follows is new */
		if ((c == ':' || (c == '.' && i > last->end)) &&
		    tokens->text.ptr[i + 1] == ' ')
			return false;
	}
	return true;
}

static void merge_variables(struct tokens *tokens)
{
	while (tokens->count >= 2 &&
	       tokens->items[tokens->count - 2].class == TOKEN_VARIABLE &&
	       tokens->items[tokens->count - 1].class == TOKEN_VARIABLE &&
	       joins(tokens, &tokens->items[tokens->count - 2],
		     &tokens->items[tokens->count - 1])) {
		const struct token *last = &tokens->items[tokens->count - 1];
		struct token *into = &tokens->items[tokens->count - 2];

		into->type = joined_type(into, last);
		into->end = last->end;
		drop_tail(tokens, tokens->count - 1, last->next);
	}
}

static bool is_host_port(const char *text, const struct token *host,
			 const struct token *port)
{
	if (port->begin != host->end + 1 || text[host->end] != ':' ||
	    port->type != VARIABLE_NUMBER)
		return false;
	for (uint32_t i = host->begin; i < host->end; i++) {
		if (text[i] >= 'A' && text[i] <= 'Z')
			return false;
	}
	return memchr(text + host->begin, '.', host->end - host->begin) != NULL;
}

/* true: the token is part of the one before now */
static bool fold_into_last(struct tokens *tokens, const struct token *token)
{
	struct token *last = &tokens->items[tokens->count - 1];
	enum variable_type type = VARIABLE_ANY;
	const char *text = tokens->text.ptr;

	if (token->class == TOKEN_VARIABLE) {
		if (last->class == TOKEN_VARIABLE) {
			if (!joins(tokens, last, token))
				return false;
			last->type = joined_type(last, token);
			last->end = last->next = token->end;
			return true;
		}
		if (last->class == TOKEN_DOTTED || last->class == TOKEN_INDEXED) {
			if (!is_host_port(text, last, token))
				return false;
			make_variable(tokens, token->end, VARIABLE_ANY);
			merge_variables(tokens);
			return true;
		}
		if (!fold_date(tokens, token))
			return false;
		merge_variables(tokens);
		return true;
	}
	if (last->class == TOKEN_VARIABLE && token->class == TOKEN_WORD &&
	    token->begin == last->end + 1 && text[last->end] == ' ' &&
	    (token->end == tokens->text.len || text[token->end] != '=') &&
	    fold_unit(slice_of(text + token->begin, token->end - token->begin),
		      &type)) {
		last->type = (uint8_t)type;
		last->end = last->next = token->end;
		return true;
	}
	return false;
}

/* both stand behind the same brackets, or both behind none */
static bool same_bracket(const struct tokens *tokens, size_t a, size_t b)
{
	const char *text = tokens->text.ptr;
	char open[2] = { ' ', ' ' };

	for (unsigned i = 0; i < 2; i++) {
		uint32_t begin = tokens->items[i == 0 ? a : b].begin;

		if (begin > 0 && (text[begin - 1] == '[' || text[begin - 1] == '('))
			open[i] = text[begin - 1];
	}
	return open[0] == open[1];
}

static bool repeats(struct tokens *tokens, size_t last, size_t len)
{
	uint8_t class = tokens->items[last].class;
	bool varies = false;

	if (tokens->marks[last + TOKENS_BEHIND] !=
	    tokens->marks[last + TOKENS_BEHIND - len])
		return false;
	/* a word said twice may be a name behind its kind: "user user". Variables were
	 * joined already, unless they are items of their own. */
	if (len == 1 &&
	    (class == TOKEN_WORD || class == TOKEN_NAME || class == TOKEN_VARIABLE))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!same_text(tokens, last - i, last - i - len) ||
		    !same_bracket(tokens, last - i, last - i - len))
			return false;
		varies |= tokens->items[last - i].class == TOKEN_VARIABLE;
	}
	return varies || len == 1;
}

/* cheap, and right nearly always: no token near has the text of the last one */
static bool is_new_text(const struct tokens *tokens, size_t last)
{
	const uint32_t *marks = tokens->marks + TOKENS_BEHIND + last;
	uint32_t equal = 0;

	for (size_t len = 1; len <= BLOCK_MAX; len++)
		equal |= *(marks - len) == *marks;
	return equal == 0;
}

/* a block of 1 to BLOCK_MAX tokens that stands twice at the end is kept once */
static void fold_repeated(struct tokens *tokens)
{
	size_t last = tokens->count - 1;
	size_t longest = tokens->count / 2 < BLOCK_MAX ? tokens->count / 2 : BLOCK_MAX;

	if (is_new_text(tokens, last))
		return;
	for (size_t len = 1; len <= longest; len++) {
		if (repeats(tokens, last, len)) {
			drop_tail(tokens, tokens->count - len, tokens->items[last].end);
			return;
		}
	}
}

/* room: bytes that may be read from text, those behind the token included */
static size_t write_folded(char *out, const char *text, const struct token *token,
			   size_t room)
{
	size_t len = token->end - token->begin;

	if (token->class == TOKEN_VARIABLE) {
		out[0] = FOLDED_VARIABLE;
		return 1;
	}
	if (token->run_len == 0) {
		/* most are short: two moves of fixed size cost less than a call */
		if (len <= COPY_BYTES && room >= COPY_BYTES)
			memcpy(out, text, COPY_BYTES);
		else
			memcpy(out, text, len);
		return len;
	}
	memcpy(out, text, token->digits);
	out[token->digits] = FOLDED_VARIABLE;
	memcpy(out + token->digits + 1, text + token->digits + token->run_len,
	       len - token->digits - token->run_len);
	return len - token->run_len + 1;
}

static void append(struct tokens *tokens, const struct token *token, const char *text,
		   size_t room)
{
	struct token *added = &tokens->items[tokens->count];
	char *out = tokens->folded + tokens->folded_len;
	size_t len = 0;

	*added = *token;
	added->next = token->end;
	added->folded = (uint32_t)tokens->folded_len;
	len = write_folded(out, text, token, room);
	out[len] = '\0';
	added->folded_len = (uint16_t)len;
	tokens->marks[tokens->count + TOKENS_BEHIND] = mark_of(out, len);
	tokens->folded_len += len + 1;
	tokens->count++;
}

void fold_token(struct tokens *tokens, const struct token *token)
{
	if (tokens->count > 0 && fold_into_last(tokens, token))
		return;
	if (tokens->count == TOKENS_MAX) {
		tokens->cut = true;
		return;
	}
	append(tokens, token, tokens->text.ptr + token->begin,
	       tokens->text.len - token->begin);
	fold_repeated(tokens);
}

void fold_synthetic(struct tokens *tokens, struct slice text, enum token_class class)
{
	struct token token = { .begin = 0,
			       .end = (uint32_t)(text.len < TOKEN_TEXT_MAX
							 ? text.len
							 : TOKEN_TEXT_MAX),
			       .class = (uint8_t) class,
			       .gap = GAP_BLANK };
	uint32_t at = (uint32_t)tokens->text.len;

	if (tokens->count == TOKENS_MAX) {
		tokens->cut = true;
		return;
	}
	if (tokens->count > 0)
		token.field = (uint16_t)(tokens->items[tokens->count - 1].field + 1);
	append(tokens, &token, text.ptr, text.len);
	tokens->items[tokens->count - 1].begin = at;
	tokens->items[tokens->count - 1].end = at;
	tokens->items[tokens->count - 1].next = at;
}
