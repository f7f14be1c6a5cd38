/* lexer.c - the loop over fields and tokens, and what class a token has */
#include "pipeline/lexer.h"

#include "base/compiler.h"
#include "pipeline/fold.h"
#include "pipeline/lex_bytes.h"
#include "pipeline/shapes.h"

#define QUOTED_VALUE_MAX 256

struct lexer {
	struct tokens *tokens;
	const char *text;
	size_t at;
	size_t end;
	uint16_t field;
	bool value; /* the next token stands behind a `=` */
};

/* what one scan over a token counts */
struct span {
	size_t begin;
	size_t end;
	unsigned digits;
	unsigned letters;
	unsigned hex; /* of the letters */
	unsigned runs;
	unsigned dots;
	unsigned deep;
	unsigned other;
};

static bool is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

static bool is_flag_word(struct slice word)
{
	return slice_equal_nocase(word, SLICE("true")) ||
	       slice_equal_nocase(word, SLICE("false"));
}

static char byte_or_blank(const struct lexer *lexer, size_t at)
{
	if (at < lexer->end)
		return lexer->text[at];
	return ' ';
}

static char closing(char open)
{
	if (open == '{')
		return '}';
	if (open == '(')
		return ')';
	return ']';
}

/* key=Name{12}: the brackets belong to the value, if no blank is in them */
static size_t value_end(const struct lexer *lexer, size_t at)
{
	const char *text = lexer->text;
	size_t limit =
		lexer->end - at < QUOTED_VALUE_MAX ? lexer->end : at + QUOTED_VALUE_MAX;
	char open = byte_or_blank(lexer, at);
	char close = closing(open);
	unsigned depth = 0;

	if (open != '{' && open != '(' && open != '[')
		return at;
	for (size_t i = at; i < limit && !lex_is(text[i], LEX_BLANK); i++) {
		depth += text[i] == open;
		if (text[i] == close && --depth == 0)
			return i + 1;
	}
	return at;
}

static void emit(struct lexer *lexer, struct token *token)
{
	const char *text = lexer->text;
	size_t len = token->end - token->begin;

	token->field = lexer->field;
	if (len > TOKEN_TEXT_MAX)
		token->class = TOKEN_VARIABLE;
	if (lexer->value && value_end(lexer, token->end) > token->end) {
		token->class = TOKEN_VARIABLE;
		token->end = (uint32_t)value_end(lexer, token->end);
		lexer->at = token->end;
	}
	if (token->class != TOKEN_VARIABLE &&
	    (lexer->value || (token->begin > 0 && is_quote(text[token->begin - 1])))) {
		bool key = token->end < lexer->end && text[token->end] == '=';

		token->quoted = token->begin > 0 && token->end < lexer->end &&
				is_quote(text[token->begin - 1]) &&
				text[token->end] == text[token->begin - 1];
		if ((token->quoted || (lexer->value && !key)) &&
		    (token->class == TOKEN_WORD || token->class == TOKEN_INDEXED) &&
		    !is_flag_word(slice_of(text + token->begin, len)))
			token->class = TOKEN_VALUE;
	}
	lexer->value = false;
	fold_token(lexer->tokens, token);
}

static void emit_variable(struct lexer *lexer, size_t begin, size_t end,
			  enum variable_type type)
{
	struct token token = { .begin = (uint32_t)begin,
			       .end = (uint32_t)end,
			       .class = TOKEN_VARIABLE,
			       .type = (uint8_t)type };

	lexer->at = end;
	emit(lexer, &token);
}

static void scan_span(const struct lexer *lexer, size_t at, struct span *span)
{
	uint64_t counts = 0;
	uint64_t before = 0;

	for (; at < lexer->end; at++) {
		uint64_t count = lex_counts[(unsigned char)lexer->text[at]];

		if (count == 0)
			break;
		counts += count + (count & ~before & LEX_COUNT_DIGIT) * LEX_COUNT_RUN;
		before = count;
	}
	span->end = at;
	if (at - span->begin > LEX_COUNT_MAX) {
		/* too long for the counters, and surely no word */
		*span = (struct span){ .begin = span->begin,
				       .end = at,
				       .digits = 1,
				       .letters = 1,
				       .deep = 2 };
		return;
	}
	span->digits = lex_count(counts, 0);
	span->runs = lex_count(counts, 1);
	span->letters = lex_count(counts, 2);
	span->hex = lex_count(counts, 3);
	span->dots = lex_count(counts, 4);
	span->deep = lex_count(counts, 5);
	span->other = lex_count(counts, 6);
}

/* without punctuation at both ends */
static void trim_span(const struct lexer *lexer, struct span *span)
{
	const char *text = lexer->text;

	while (!lex_is(text[span->end - 1], LEX_DIGIT | LEX_LETTER)) {
		span->end--;
		span->dots -= text[span->end] == '.';
		span->other -= lex_is(text[span->end], LEX_OTHER);
		span->deep -= lex_is(text[span->end], LEX_DEEP);
	}
	while (!lex_is(text[span->begin], LEX_DIGIT | LEX_LETTER)) {
		span->dots -= text[span->begin] == '.';
		span->other -= lex_is(text[span->begin], LEX_OTHER);
		span->deep -= lex_is(text[span->begin], LEX_DEEP);
		span->begin++;
	}
}

static bool has_at_sign(const char *text, const struct span *span)
{
	return span->deep > 0 &&
	       memchr(text + span->begin, '@', span->end - span->begin) != NULL;
}

/* 12ms, 3.5GB */
static bool has_unit(const char *text, const struct span *span,
		     enum variable_type *type)
{
	size_t at = span->end;

	if (!lex_is(text[span->begin], LEX_DIGIT) || span->letters > 5)
		return false;
	while (at > span->begin && lex_is(text[at - 1], LEX_LETTER))
		at--;
	return span->end - at == span->letters && lex_is(text[at - 1], LEX_DIGIT) &&
	       fold_unit(slice_of(text + at, span->end - at), type);
}

static bool is_hex_like(const char *text, const struct span *span,
			enum variable_type *type)
{
	size_t len = span->end - span->begin;

	if (len > 2 && text[span->begin] == '0' &&
	    (text[span->begin + 1] | 32) == 'x' && span->letters - 1 == span->hex) {
		*type = VARIABLE_HEX;
		return true;
	}
	if (span->letters != span->hex || span->dots + span->deep > 0)
		return false;
	*type = VARIABLE_HEX;
	if (span->other == 0)
		return len >= 4;
	if (len == 36)
		*type = VARIABLE_UUID;
	return len > 8 && memchr(text + span->begin, '_', len) == NULL;
}

/* a token with digits that is surely a variable */
static bool is_variable(const char *text, const struct span *span,
			enum variable_type *type)
{
	if (span->letters == 0) {
		*type = span->dots == 3 && span->runs == 4   ? VARIABLE_IP
			: span->runs <= 2 && span->deep == 0 ? VARIABLE_NUMBER
							     : VARIABLE_ID;
		return true;
	}
	if (is_hex_like(text, span, type))
		return true;
	if (has_unit(text, span, type))
		return true;
	*type = VARIABLE_ID;
	if (has_at_sign(text, span)) {
		*type = span->dots > 0 ? VARIABLE_EMAIL : VARIABLE_ID;
		return true;
	}
	if (span->deep >= 2) {
		*type = VARIABLE_PATH;
		return true;
	}
	return span->runs >= 2 || span->dots >= 2;
}

static void set_digit_run(const char *text, const struct span *span,
			  struct token *token)
{
	size_t at = span->begin;
	size_t end = 0;

	while (!lex_is(text[at], LEX_DIGIT))
		at++;
	for (end = at; end < span->end && lex_is(text[end], LEX_DIGIT);)
		end++;
	token->class = end - at >= 3 ? TOKEN_NUMBERED : TOKEN_INDEXED;
	/* a sign: blk_-17 */
	if (at >= span->begin + 2 && text[at - 1] == '-' &&
	    !lex_is(text[at - 2], LEX_DIGIT | LEX_LETTER))
		at--;
	token->digits = (uint16_t)(at - span->begin);
	token->run_len = (uint16_t)(end - at);
}

static bool is_hex_word(const char *text, size_t begin, size_t end)
{
	if (end - begin < 8)
		return false;
	while (begin < end && lex_is(text[begin], LEX_HEX))
		begin++;
	return begin == end;
}

static void classify(const char *text, const struct span *span, struct token *token)
{
	enum variable_type type = VARIABLE_ANY;

	if (span->end - span->begin > TOKEN_TEXT_MAX) {
		token->class = TOKEN_VARIABLE;
		token->type = span->deep >= 2 ? VARIABLE_PATH : VARIABLE_ID;
		return;
	}
	if (span->digits == 0) {
		if (span->hex == span->end - span->begin && span->hex >= 8) {
			token->type = VARIABLE_HEX;
			return;
		}
		if (span->dots >= 2 || span->deep > 0)
			token->class = TOKEN_DOTTED;
		else
			token->class = span->dots == 1 ? TOKEN_INDEXED : TOKEN_WORD;
		return;
	}
	if (is_variable(text, span, &type)) {
		token->class = TOKEN_VARIABLE;
		token->type = (uint8_t)type;
		return;
	}
	set_digit_run(text, span, token);
}

/* rules of ***, ---, ###: one constant, whatever their length */
static void lex_rule(struct lexer *lexer, const struct span *span)
{
	char c = lexer->text[span->begin];
	size_t at = span->begin;
	struct token token = { .begin = (uint32_t)at,
			       .end = (uint32_t)at + 2,
			       .class = TOKEN_WORD };

	if (span->end - span->begin < 2 ||
	    (c != '*' && c != '-' && c != '#' && c != '.'))
		return;
	while (at < span->end && lexer->text[at] == c)
		at++;
	if (at < span->end)
		return;
	fold_token(lexer->tokens, &token);
	lexer->tokens->items[lexer->tokens->count - 1].next = (uint32_t)at;
}

static bool lex_behind_colon(struct lexer *lexer, const struct span *span)
{
	const char *text = lexer->text;
	size_t len = span->end - span->begin;
	size_t behind = 0;

	if (lexer->end - span->end > 3 && text[span->end + 1] == '/') {
		behind = shape_url(text, span->end, lexer->end);
		if (behind > 0) {
			emit_variable(lexer, span->begin, behind, VARIABLE_URL);
			return true;
		}
	}
	if (len == 1 && span->letters == 1 && span->end + 1 < lexer->end &&
	    lex_is(text[span->end + 1], LEX_DEEP)) {
		behind = shape_path(text, span->begin, lexer->end);
		if (behind > 0) {
			emit_variable(lexer, span->begin, behind, VARIABLE_PATH);
			return true;
		}
	}
	if (len <= 4 && span->hex + span->digits == len) {
		behind = shape_colon_hex(text, span->begin, lexer->end);
		if (behind > 0) {
			emit_variable(lexer, span->begin, behind, VARIABLE_IP);
			return true;
		}
	}
	return false;
}

static void lex_span(struct lexer *lexer, struct span *span)
{
	struct token token = { 0 };

	if (span->digits + span->letters == 0) {
		lex_rule(lexer, span);
		lexer->at = span->end;
		return;
	}
	if (span->end < lexer->end && lexer->text[span->end] == ':' &&
	    lex_behind_colon(lexer, span))
		return;
	lexer->at = span->end;
	trim_span(lexer, span);
	token.begin = (uint32_t)span->begin;
	token.end = (uint32_t)span->end;
	classify(lexer->text, span, &token);
	emit(lexer, &token);
}

/* word...word: the dots end a token */
static void cut_at_dots(const struct lexer *lexer, struct span *span)
{
	const char *dots =
		memmem(lexer->text + span->begin, span->end - span->begin, "...", 3);
	struct span part = { .begin = span->begin };
	struct lexer inner = *lexer;

	if (dots == NULL || dots == lexer->text + span->begin)
		return;
	inner.end = (size_t)(dots - lexer->text);
	scan_span(&inner, span->begin, &part);
	*span = part;
}

/* most tokens are letters and nothing else */
static bool lex_word(struct lexer *lexer)
{
	const char *text = lexer->text;
	size_t at = lexer->at;
	struct token token = { .begin = (uint32_t)at, .class = TOKEN_WORD };

	while (at < lexer->end && lex_is(text[at], LEX_LETTER))
		at++;
	if (at == lexer->at ||
	    (at < lexer->end && !lex_is(text[at], LEX_BLANK | LEX_SPLIT)))
		return false;
	/* colons begin URLs and Windows paths; eight and more hex letters are a number
	 */
	if ((at < lexer->end && text[at] == ':') || is_hex_word(text, lexer->at, at))
		return false;
	token.end = (uint32_t)at;
	lexer->at = at;
	emit(lexer, &token);
	return true;
}

static void lex_token(struct lexer *lexer)
{
	const char *text = lexer->text;
	struct span span = { .begin = lexer->at };
	enum variable_type type = VARIABLE_ANY;
	size_t behind = 0;

	if (lex_is(text[lexer->at], LEX_DIGIT)) {
		behind = shape_digits(text, lexer->at, lexer->end, &type);
		if (behind > 0) {
			emit_variable(lexer, lexer->at, behind, type);
			return;
		}
	} else if (text[lexer->at] == '/') {
		behind = shape_path(text, lexer->at, lexer->end);
		if (behind > 0) {
			emit_variable(lexer, lexer->at, behind, VARIABLE_PATH);
			return;
		}
	}
	if (lex_word(lexer))
		return;
	scan_span(lexer, lexer->at, &span);
	if (span.dots >= 3)
		cut_at_dots(lexer, &span);
	lex_span(lexer, &span);
}

/* ="several words": one value, whatever it holds */
static bool lex_quoted_value(struct lexer *lexer, size_t quote)
{
	size_t begin = quote + 1;
	size_t limit = lexer->end - begin < QUOTED_VALUE_MAX ? lexer->end - begin
							     : QUOTED_VALUE_MAX;
	const char *close = memchr(lexer->text + begin, lexer->text[quote], limit);
	struct token token = { .class = TOKEN_VALUE, .begin = (uint32_t)begin };

	if (close == NULL || close == lexer->text + begin)
		return false;
	token.end = (uint32_t)(close - lexer->text);
	if (memchr(lexer->text + begin, ' ', token.end - begin) == NULL)
		return false;
	emit(lexer, &token);
	lexer->at = token.end + 1;
	return true;
}

/* msg="..." : what follows is text, no value */
static bool names_message(const struct tokens *tokens)
{
	struct slice key = { NULL, 0 };

	if (tokens->count == 0)
		return false;
	key = token_folded(tokens, tokens->count - 1);
	return slice_equal(key, SLICE("msg")) || slice_equal(key, SLICE("message")) ||
	       slice_equal(key, SLICE("event"));
}

static void lex_separator(struct lexer *lexer)
{
	const char *text = lexer->text;
	size_t at = lexer->at++;
	char before = ' ';
	char after = byte_or_blank(lexer, at + 1);

	if (at > 0)
		before = text[at - 1];
	switch (text[at]) {
	case '=':
		if (before == '=' || after == '=' || before == '!')
			break;
		if (names_message(lexer->tokens))
			break;
		lexer->value = true;
		if (after == '"')
			(void)lex_quoted_value(lexer, at + 1); /* else: tokens */
		break;
	case ':':
		/* "key":"value" */
		lexer->value = before == '"';
		if (before == '"' && after == '"')
			(void)lex_quoted_value(lexer, at + 1); /* as above */
		break;
	case ',':
	case ';':
		lexer->value = false;
		break;
	default:
		break;
	}
}

void lexer_run(struct tokens *tokens, size_t begin, size_t end)
{
	struct lexer lexer = {
		.tokens = tokens, .text = tokens->text.ptr, .at = begin, .end = end
	};
	bool blank = false;

	if (tokens->count > 0)
		lexer.field = (uint16_t)(tokens->items[tokens->count - 1].field + 1);
	while (lexer.at < end && !tokens->cut) {
		unsigned class = lex_class(lexer.text[lexer.at]);

		if ((class & LEX_BLANK) != 0) {
			lexer.field = (uint16_t)(lexer.field + !blank);
			lexer.at++;
		} else if ((class & LEX_SPLIT) != 0) {
			lex_separator(&lexer);
		} else {
			lex_token(&lexer);
		}
		blank = (class & LEX_BLANK) != 0;
	}
}
